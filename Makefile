# Two commands for everyone, make run and make check; for contributors also make quick and make check-all. Meson does the
# rest: meson setup build/mine, and so on.
PLAIN := build/plain

.PHONY: help run quick check check-all check-long check-guests check-ocaml check-package build bench reference format clean

help:
	@echo 'make run           build, then show a client keeping time (ffntp demo, a minute)'
	@echo 'make quick         build, then check format, structure and unit tests (a minute)'
	@echo 'make check         build, then run the tests to pass before a commit: also golden,'
	@echo '                   static and system tests (5 minutes)'
	@echo 'make check-all     make check, then everything that takes longer: removal of guards,'
	@echo '                   sanitizers, OCaml, a short fuzz (half an hour)'
	@echo 'make check-guests  build the guests, then try them under QEMU and real Xen'
	@echo '                   (about 17 minutes, 700 MB of packages)'
	@echo 'make check-ocaml   build and test the OCaml packages in three releases of Debian'
	@echo '                   (as root, about 6 minutes, 400 MB of packages)'
	@echo 'make check-long    sanitized tests of an hour, fuzzing for hours: a night'
	@echo 'make build         build in build/plain'
	@echo 'make check-package build the packages of Debian 12 and 13 twice, check and boot them'
	@echo '                   (as root, 20 minutes)'
	@echo 'make bench         build, then measure what a reading and an exchange cost'
	@echo 'make reference     render the public headers in build/reference/html'
	@echo 'make format        format the C files that clang-format would change'
	@echo 'make clean         remove build/'

build:
	@scripts/install-packages build
	@test -e $(PLAIN)/build.ninja || meson setup $(PLAIN) --buildtype=release -Db_ndebug=false
	@meson compile -C $(PLAIN)

run: build
	@$(PLAIN)/tool/ffntp demo

quick: build
	@scripts/install-packages check
	@meson test -C $(PLAIN) --no-rebuild --print-errorlogs --suite unit --suite quick --no-suite slow

check:
	@scripts/install-packages build check
	@scripts/check

check-all:
	@scripts/install-packages build check check-all ocaml
	@scripts/check all

check-long:
	@scripts/install-packages build check check-all
	@scripts/check long

check-guests:
	@scripts/install-packages build check guests
	@scripts/check-guests

check-ocaml:
	@scripts/install-packages check-ocaml
	@scripts/check-ocaml

check-package:
	@scripts/install-packages build package
	@scripts/check-package --boot

bench: build
	@meson test -C $(PLAIN) --benchmark --verbose --num-processes 1

reference:
	@scripts/install-packages build check
	@scripts/reference build/reference && echo build/reference/html/index.html

format:
	@scripts/install-packages check
	@python3 tests/static/format.py --write

clean:
	rm -rf build
