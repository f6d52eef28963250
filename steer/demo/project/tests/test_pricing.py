import unittest

from shop.pricing import discounted, total, with_tax


class PricingTest(unittest.TestCase):
    def test_discount(self) -> None:
        self.assertEqual(discounted(1000, 10), 900)

    def test_tax_on_food(self) -> None:
        self.assertEqual(with_tax(1000, "food"), 1070)

    def test_tax_is_rounded_to_the_nearest_cent(self) -> None:
        self.assertEqual(with_tax(1005, "other"), 1196)

    def test_discount_comes_after_tax(self) -> None:
        self.assertEqual(total([(55, "other")] * 10, discount=10), 585)


if __name__ == "__main__":
    unittest.main()
