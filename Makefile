# Everything a developer, or CI, runs. Each target does the set-up that it needs on a machine that
# has a Rust toolchain, Debian and the package registries.

CARGO ?= cargo
CARGO_DENY := target/tools/bin/cargo-deny
PLUGINS := $(addprefix target/plugins/,$(addsuffix .wasm,azure-app-secret entra-user-password \
	azure-key-vault-secret azure-devops-variable-group))

.PHONY: demo test lint ports build plugins guests tool witness bench sweep clean help

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r name text; do printf '%-9s %s\n' "$$name" "$$text"; done

demo: plugins ## Show one whole rotation against a stand-in cloud
	@target/release/demo

test: guests witness ## Run all tests
	$(CARGO) test --locked --release --workspace --exclude misbehaving

lint: $(CARGO_DENY) ## Check formatting, lints, docs, dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --release --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --release --workspace --no-deps --document-private-items
	$(CARGO_DENY) --log-level error check bans licenses sources

ports: ## Type-check pamrun for macOS and Windows
	runner/ports.sh aarch64-apple-darwin x86_64-pc-windows-gnu

# The pamrun that packs plugins, and all that is built beside it with the same features.
tool:
	$(CARGO) build --locked --release --workspace --exclude misbehaving --bins

build: ## Build target/release/pamrun
	$(CARGO) build --locked --release -p pamrun

plugins: tool ## Build target/plugins/NAME.wasm
	plugins/build.sh $(PLUGINS)

guests: tool
	plugins/build.sh $(PLUGINS) target/guests/misbehaving.wasm
	plugins/from-template.sh python tokens-python
	plugins/from-template.sh javascript tokens-javascript

witness:
	tests/python/setup.sh
	tests/systemd/setup.sh

bench: build plugins ## Measure start-up and a whole rotation
	$(CARGO) bench --locked -p pamrun-tests --bench speed
	target/release/pamrun test tests/cases/azure-app-secret --filter fifty-requests

sweep: plugins ## Show that no credential is ever lost, whatever fails and whenever pamrun is killed
	@target/release/sweep

$(CARGO_DENY):
	$(CARGO) install --quiet --locked --root target/tools cargo-deny --version 0.20.2

clean: ## Remove everything that was built
	$(CARGO) clean
