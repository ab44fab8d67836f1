"""Shared by other scripts: amounts of money. Not meant to be run by itself (it prints nothing then).

Give it as a pyFile: /my_projects/scripts/shared/money.py, as uses_shared_module.py shows.
"""

from decimal import ROUND_HALF_EVEN, Decimal

CENT = Decimal("0.01")


def with_tax(net: str, percent: int) -> Decimal:
    """The gross amount, rounded to cents the way banks do."""
    return (Decimal(net) * (100 + percent) / 100).quantize(CENT, ROUND_HALF_EVEN)


def pretty(amount: Decimal, currency: str = "EUR") -> str:
    return f"{amount:,.2f} {currency}"
