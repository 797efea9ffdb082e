"""The Pi image: from Debian's packages and this checkout's wheel to a disk with two slots, and the bundles that
update it.

`scripts/build-image` and `scripts/flash` start it. It runs on the machine of whoever builds, never on a gateway; what
goes into the image is in `root/` and `packages/`. Standard library, `packaging`, and programs that scripts/setup
--image installs.
"""
