# For apps/quickstart.sh and tests/run.sh: the packages of Debian 12 that are needed, and how to build.
# Installs only missing packages, so a second call takes a few milliseconds.

penstock_packages=(
  g++ cmake ninja-build pkg-config ccache mold
  libcaf-dev libboost1.81-dev libboost-json1.81-dev libboost-test1.81-dev
  libcurl4-openssl-dev libsqlitecpp-dev libsqlite3-dev libssl-dev zlib1g-dev
  libcli11-dev libtomlplusplus-dev libfmt-dev ca-certificates
  libkainjow-mustache-dev libvalijson-dev poppler-utils libzip-dev libpugixml-dev libjemalloc-dev
)

penstock_say() { printf 'penstock: %s\n' "$*" >&2; }

# Installs those of the named packages that are missing.
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

# penstock_build PRESET [TARGET...]: configures build/PRESET if it is new, and builds.
penstock_build() {
  local preset=$1
  shift
  [ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" ${PENSTOCK_CMAKE_ARGS:-} >&2 || return 1
  cmake --build "build/$preset" ${1:+--target "$@"} >&2
}
