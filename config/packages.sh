# Sourced by apps/quickstart.sh and tests/run.sh: what Debian 12 must bring, and how a tree is built.
# Installs only what is missing, so a second call costs a few milliseconds.

penstock_packages=(
  g++ cmake ninja-build pkg-config ccache mold
  libcaf-dev libboost1.81-dev libboost-json1.81-dev libboost-test1.81-dev
  libcurl4-openssl-dev libsqlitecpp-dev libsqlite3-dev libssl-dev zlib1g-dev
  libcli11-dev libtomlplusplus-dev libfmt-dev ca-certificates
  libkainjow-mustache-dev libvalijson-dev poppler-utils libzip-dev libpugixml-dev libjemalloc-dev
)

penstock_say() { printf 'penstock: %s\n' "$*" >&2; }

# Installs the packages named that are not there yet.
penstock_install() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return 0
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { penstock_say "missing packages: ${missing[*]}; install them as root, or install sudo"; return 1; }
    as_root=(sudo)
  fi
  penstock_say "installing: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    { penstock_say "apt-get failed; the packages needed are: ${missing[*]}"; return 1; }
}

# penstock_build PRESET [TARGET...]: configures build/PRESET if need be and builds.
penstock_build() {
  local preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" ${PENSTOCK_CMAKE_ARGS:-} >&2 || return 1
  cmake --build "build/$preset" ${1:+--target "$@"} >&2
}
