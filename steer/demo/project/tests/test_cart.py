import unittest

from shop.cart import Cart
from shop.receipt import receipt


class CartTest(unittest.TestCase):
    def test_empty(self) -> None:
        self.assertEqual(Cart().total(), 0)

    def test_negative_price(self) -> None:
        with self.assertRaises(ValueError):
            Cart().add("refund", -1)

    def test_receipt_ends_with_the_total(self) -> None:
        cart = Cart()
        cart.add("bread", 300, "food")
        self.assertTrue(receipt(cart).splitlines()[-1].startswith("total"))


if __name__ == "__main__":
    unittest.main()
