import unittest

from shop.money import cents, euros


class MoneyTest(unittest.TestCase):
    def test_euros(self) -> None:
        self.assertEqual(euros(1234), "12.34 €")

    def test_cents(self) -> None:
        self.assertEqual(cents("12.34"), 1234)


if __name__ == "__main__":
    unittest.main()
