# Sourced by the other scripts: makes .venv from the lock file when it is absent or stale. bash 3.2, any directory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }

find_python() {
    local name
    for name in python3.13 python3.12 python3.11 python3 python3.14; do
        if command -v "$name" >/dev/null && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$name"
            return
        fi
    done
    say "Resguardo needs Python 3.11 or newer: install it (Debian/Ubuntu: apt install python3 python3-venv; macOS: brew install python)."
    exit 2
}

stamp_of() { printf '%s %s' "$(cat "$1" pyproject.toml | cksum)" "$($2 -V)"; }

# make_environment LOCK: a virtual environment with exactly what the lock file says, and this project in it.
# The test lock holds all that the plain one does, at the same versions, so an environment made for tests serves the demo too.
make_environment() {
    local python made
    python=$(find_python)
    made=$(cat .venv/stamp 2>/dev/null || true)
    if [ -n "$made" ] && .venv/bin/python -c 'import monitor' 2>/dev/null; then
        [ "$made" = "$(stamp_of "$1" "$python")" ] && return
        [ "$made" = "$(stamp_of requirements-test.lock "$python")" ] && return
    fi
    say "Making the environment in .venv (once; a few minutes on a slow line) ..."
    rm -rf .venv
    if ! "$python" -m venv .venv 2>/dev/null; then
        rm -rf .venv
        say "$python cannot make a virtual environment: install its venv module (Debian/Ubuntu: apt install python3-venv)."
        exit 2
    fi
    say "  installing what $1 names ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
    say "  installing Resguardo ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
    say "  compiling the decision kernel (a minute or two, once) ..."
    .venv/bin/python -m monitor.warm
    stamp_of "$1" "$python" >.venv/stamp
}
