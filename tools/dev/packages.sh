# Debian packages by purpose, and a function that installs the missing ones. Sourced.
LOBIT_BUILD_PACKAGES="cmake ninja-build clang-19 lld-19 liblld-19-dev llvm-19-dev libmlir-19-dev
  mlir-19-tools zlib1g-dev libzstd-dev nlohmann-json3-dev libcli11-dev pkg-config
  libssl-dev libb2-dev libzip-dev python3 git ca-certificates
  wasi-libc libc++-19-dev-wasm32 libc++abi-19-dev-wasm32"
LOBIT_TEST_PACKAGES="libgtest-dev librapidcheck-dev libutf8proc-dev qemu-user-static g++-aarch64-linux-gnu
  clang-format-19 clang-tidy-19 libclang-rt-19-dev nodejs npm g++ python3-numpy"
# The page is tested in it; without it that test is skipped.
LOBIT_BROWSER_PACKAGES="chromium"

# A node that came another way than through apt brings npm and excludes Debian's.
isInstalled() {
  dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' && return 0
  case $1 in
  nodejs) command -v node >/dev/null ;;
  npm) command -v npm >/dev/null ;;
  *) return 1 ;;
  esac
}

# installPackages LIST...: asks apt only for what is missing.
installPackages() {
  local missing=() package
  for package in "$@"; do
    isInstalled "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -eq 0 ] && return 0
  echo "installing: ${missing[*]}" >&2
  if [ "$(id -u)" -ne 0 ]; then
    echo "error: these packages are missing and only root can install them: ${missing[*]}" >&2
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}
