"""The bill of materials of an image: each Debian package and each Python library with version and licence, as SPDX 2.3.

Licences of Debian packages come from their machine-readable copyright files, which name them in Debian's short names.
Those that SPDX knows by another name are translated; a package with a name that cannot be translated gets no
expression of SPDX, and the names as they stand in the comment.
"""

import json
import re
from datetime import UTC, datetime
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from image.programs import recipe_name
from image.recipe import SOURCE_DATE, Recipe

TO_SPDX = {
    **{"GPL-1+": "GPL-1.0-or-later", "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only"},
    **{
        "GPL-3+": "GPL-3.0-or-later",
        "LGPL-2": "LGPL-2.0-only",
        "LGPL-2+": "LGPL-2.0-or-later",
        "LGPL-3": "LGPL-3.0-only",
    },
    **{"LGPL-3+": "LGPL-3.0-or-later", "LGPL-2.1": "LGPL-2.1-only", "LGPL-2.1+": "LGPL-2.1-or-later", "Expat": "MIT"},
    **{"BSD-2-clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause", "Apache-2": "Apache-2.0", "zlib": "Zlib"},
    **{"Artistic": "Artistic-1.0-Perl", "PSF-2": "PSF-2.0", "Apache-2.0": "Apache-2.0", "Python-2.0": "Python-2.0"},
    **{
        each: each
        for each in ("MIT", "ISC", "Zlib", "0BSD", "CC0-1.0", "OpenSSL", "BSL-1.0", "EPL-2.0", "BSD-3-Clause")
    },
    **{each: each for each in ("BSD-2-Clause", "MPL-2.0", "Unlicense", "PSF-2.0", "MIT-0")},
}
UNKNOWN = "NOASSERTION"


def bill(tree: Path, recipe: Recipe) -> dict[str, Any]:
    """The SPDX document of an unpacked root file system. The same packages give the same document."""
    packages = [*debian_packages(tree), *python_packages(tree)]
    date = datetime.fromtimestamp(SOURCE_DATE, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    described = [("SPDXRef-DOCUMENT", "DESCRIBES", each["SPDXID"]) for each in packages]
    names = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": recipe.name,
        "documentNamespace": f"urn:lineside:image:{recipe.name}:{recipe_name(json.dumps(packages, sort_keys=True))}",
        "creationInfo": {"created": date, "creators": ["Tool: lineside-build-image"]},
        "packages": packages,
        "relationships": [dict(zip(names, each, strict=True)) for each in described],
    }


def debian_packages(tree: Path) -> list[dict[str, Any]]:
    """From dpkg's own list."""
    found = []
    for block in (tree / "var/lib/dpkg/status").read_text("utf-8").split("\n\n"):
        fields = HeaderParser().parsestr(block)
        if not fields["Package"] or "installed" not in str(fields["Status"]).split():
            continue
        name, version, processor = (str(fields[each]) for each in ("Package", "Version", "Architecture"))
        licences = copyright_names(tree / f"usr/share/doc/{name}/copyright")
        purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B').replace(':', '%3A')}?arch={processor}"
        found.append(package("deb", name, version, licences, purl))
    return sorted(found, key=lambda each: str(each["SPDXID"]))


def python_packages(tree: Path) -> list[dict[str, Any]]:
    """From the metadata of what lies in the product's own environment."""
    found = []
    for path in sorted(tree.glob("opt/lineside/lib/python*/site-packages/*.dist-info/METADATA")):
        fields = HeaderParser().parsestr(path.read_text("utf-8"))
        name, version = str(fields["Name"]), str(fields["Version"])
        found.append(package("python", name, version, stated_licences(fields), f"pkg:pypi/{name.lower()}@{version}"))
    return found


def copyright_names(path: Path) -> list[str]:
    """Debian's short names of the licences in a copyright file; none when the file is not of the readable form."""
    text = path.read_text("utf-8", "replace") if path.is_file() else ""
    if "copyright-format" not in text.partition("\n\n")[0]:
        return []
    names = re.findall(r"^License:[ \t]*(\S.*)$", text, re.MULTILINE)
    single = [each.strip(" ,") for name in names for each in re.split(r"\s+(?:and|or)\s+|,\s+", name)]
    return sorted({each for each in single if each})


def stated_licences(fields: Message) -> list[str]:
    """What a library says of itself: an expression, a word, or the classifier."""
    stated = fields["License-Expression"] or fields["License"]
    if stated and len(stated) < 60 and "\n" not in stated:
        return [str(stated)]
    trove = [each.rpartition(" :: ")[2] for each in fields.get_all("Classifier", []) if each.startswith("License ::")]
    return sorted(trove)


def package(kind: str, name: str, version: str, licences: list[str], purl: str) -> dict[str, Any]:
    """One package of the document."""
    known = bool(licences) and all(each in TO_SPDX for each in licences)
    expression = " AND ".join(sorted({TO_SPDX[each] for each in licences})) if known else UNKNOWN
    return {
        "SPDXID": f"SPDXRef-{kind}-{re.sub('[^A-Za-z0-9.-]', '-', name)}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": UNKNOWN,
        "filesAnalyzed": False,
        "licenseConcluded": UNKNOWN,
        "licenseDeclared": expression,
        "licenseComments": ", ".join(licences) or "no readable statement; see its copyright file",
        "copyrightText": UNKNOWN,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl},
        ],
    }
