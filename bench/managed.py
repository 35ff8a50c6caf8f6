"""What the managed runtime of AWS brings along, as a folder: runtime client, and SDK without its
extras.

An interpreter that sees this folder and a package, and no site-packages, imports as on AWS: what
was not built in is missing, and what only this project's tools need (such as awscrt) costs nothing.
"""

import site
from pathlib import Path

BROUGHT = (
    "awslambdaric",
    "boto3",
    "botocore",
    "dateutil",
    "jmespath",
    "runtime_client*.so",
    "s3transfer",
    "simplejson",
    "six.py",
    "snapshot_restore_py.py",
    "urllib3",
)


def folder_of(target: Path) -> Path:
    """The folder, made of links where it is not there yet."""
    if not target.exists():
        target.mkdir(parents=True)
        packages = Path(site.getsitepackages()[0])
        for pattern in BROUGHT:
            (found,) = packages.glob(pattern)
            (target / found.name).symlink_to(found)
    return target
