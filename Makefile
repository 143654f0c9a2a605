# The entry point for people and CI; `make` alone prints what there is.
#
# KAMAILIO=path       the Kamailio to build for and to test with (the installed one)
# KAMAILIO_SRC=dir    its configured source tree (fetched from Debian for the installed one)
# DESTDIR=dir         put before every path that `make install` writes to
# CARGO=path          the cargo to use

.DEFAULT_GOAL := help
.PHONY: help build build-failpoints install demo test bench soak interop fuzz mutants clean setup-build setup-test setup-interop

# Looked up when a recipe asks: setting the machine up may have installed it a moment ago.
kamailio = $(abspath $(shell command -v $(or $(KAMAILIO),kamailio) || echo $(or $(KAMAILIO),/usr/sbin/kamailio)))
cargo = $(or $(CARGO),$(shell command -v cargo || ls ~/.cargo/bin/cargo 2>/dev/null),$(error \
	cargo is neither on PATH nor in ~/.cargo/bin: install Rust, or give CARGO=path))

# For the scripts: what they test, and with what.
subject = CARGO="$(cargo)" KAMAILIO="$(kamailio)" PALISADE_SO=$(CURDIR)/target/palisade.so \
	PALISADE_FAILPOINTS_SO=$(CURDIR)/target/failpoints/palisade.so

# $(1): target folder, $(2): more options for cargo
define build_module
	+$(cargo) build --release --locked --target-dir $(1) $(2)
	@+source=$$(scripts/kamailio-source) && $(MAKE) --no-print-directory -C kamailio-glue KAMAILIO_SRC="$$source" \
		RUST_LIB=$(CURDIR)/$(1)/release/libpalisade.a OUT=$(CURDIR)/$(1)/palisade.so
	scripts/check-module $(1)/palisade.so "$(kamailio)"
endef

help:
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

build: | setup-build ## target/palisade.so, for the installed Kamailio (or KAMAILIO= and KAMAILIO_SRC=)
	$(call build_module,target)

build-failpoints: | setup-build ## target/failpoints/palisade.so: fails where a test tells it to; for tests only
	$(call build_module,target/failpoints,--features failpoints)

# Does not build what is there already, so that `make build` needs no root and `sudo make install` no Rust.
install: target/palisade.so ## the module in that Kamailio's module folder (DESTDIR is honoured)
	@scripts/check-module target/palisade.so "$(kamailio)"
	@folder=$$("$(kamailio)" -I | sed -nE 's/^ *Default paths to modules: ([^:]+).*/\1/p'); \
	test -n "$$folder" || { echo "make install: $(kamailio) -I names no module folder" >&2; exit 1; }; \
	install -D -m 644 target/palisade.so "$(DESTDIR)$$folder/palisade.so" && \
	echo "installed $(DESTDIR)$$folder/palisade.so"

target/palisade.so:
	$(MAKE) build

demo: | setup-test ## a real Kamailio against real SIP traffic: says what happened to whom
	$(MAKE) build
	$(subject) scripts/demo

test: | setup-test ## passes every test
	$(MAKE) build build-failpoints
	$(subject) scripts/test

bench: | setup-test ## measures Palisade beside Kamailio's own modules and prints the table
	$(MAKE) build
	$(subject) scripts/bench

soak: | setup-test ## the worst floods, for about ten minutes: ten million sources, full tables, chosen addresses
	$(MAKE) build
	$(subject) scripts/soak

interop: | setup-interop ## real Asterisks behind Kamailio, real phones and scanners; as root
	$(MAKE) build
	$(subject) scripts/interop

fuzz: | setup-test ## fuzzes what reads bytes from the network, for as long as scripts/fuzz says
	$(subject) scripts/fuzz

mutants: ## changes the code in one small place at a time, and says which changes no test noticed; takes a day
	CARGO="$(cargo)" scripts/mutants

clean: ## removes all that was built
	rm -rf target

setup-build setup-test setup-interop: setup-%:
	@scripts/setup $*
