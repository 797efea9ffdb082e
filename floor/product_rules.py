"""What must hold between the rows about products, each of which stands once (`floor/master_rules.py`). Every fault is
named at once.

Pure: values in, values out.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from floor.master import MasterData


def product_faults(master: "MasterData") -> list[str]:
    """Each fault as a sentence that names the row."""
    stations = {row.id for row in master.stations}
    found = [
        f"routing {row.key!r} names an unknown station: {each!r}"
        for row in master.routings
        for each in row.stations
        if each not in stations
    ]
    return found + _revision_faults(master)


def _revision_faults(master: "MasterData") -> list[str]:
    known = {(row.product, row.revision) for row in master.bom_revisions}
    products = {product for product, _ in known}
    found = [
        f"component {row.key!r} names an unknown revision of {row.product!r}: {row.revision!r}"
        for row in master.components
        if row.product in products and (row.product, row.revision) not in known
    ]
    return found + [
        f"order {row.id!r} names an unknown revision of {row.item!r}: {row.bom_revision!r}"
        for row in master.work_orders
        if row.bom_revision and row.item in products and (row.item, row.bom_revision) not in known
    ]
