# A thin face over meson and ninja. `make demo` and `make check` are all a newcomer needs; see README.md.
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
T ?= 60
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

all: $(BUILD)/build.ninja
	ninja -C $(BUILD) -j $(JOBS)

$(BUILD)/build.ninja:
	meson setup $(BUILD) --buildtype=release --prefix=$(PREFIX)

install: all
	@[ "$$(meson introspect $(BUILD) --buildoptions | python3 -c 'import json,sys; print(next(o["value"] for o in json.load(sys.stdin) if o["name"] == "prefix"))')" = "$(PREFIX)" ] || \
		{ meson configure $(BUILD) -Dprefix=$(PREFIX) && ninja -C $(BUILD) -j $(JOBS); }
	DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

# What is missing comes from the system's package manager; then the trip of a certificate against a local pebble.
demo:
	tests/setup/install demo
	+$(MAKE) --no-print-directory all
	tests/setup/demo

# Everything: build with sanitizers, unit tests, end to end, short fuzz runs, lint. Ends with "N passed, M failed".
check:
	tests/setup/install check
	tests/setup/check

lint:
	tests/setup/install check
	tests/lint/run

# Each fuzz target for T seconds.
fuzz:
	tests/setup/install check
	tests/setup/fuzz $(T)

# Every sweep whole, and the table of what is promised with what was measured (docs/verify.md). Hours on a small machine; some goals: G="G2 G10".
faults:
	tests/setup/install check
	tests/setup/check build
	tests/setup/faults $(G)

# Every allocation and every call fails once in the real programs: SIGNET_TORTURE=N places of each kind (300), 0: every one.
torture:
	tests/setup/install check
	tests/setup/check build
	tests/setup/faults torture

# Lines and branches that the tests reach, by room; W=all runs the end-to-end tests for it, too.
coverage:
	tests/setup/install check
	tests/setup/coverage $(W)

bench: all
	bench/run

format:
	git ls-files -z --cached --others --exclude-standard -- '*.c' '*.h' | xargs -0 clang-format -i

clean:
	rm -rf $(BUILD) build-asan build-clang build-cov

.PHONY: all install demo check lint fuzz faults torture coverage bench format clean
