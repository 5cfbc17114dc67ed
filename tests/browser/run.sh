# Runs a test of the page: run.sh SCRIPT ARGUMENT... Exit 77 (skipped) where ./dev setup --browser was not run.
for needed in node /usr/bin/python3; do
  if ! command -v "$needed" >/dev/null; then
    echo "skipped: no $needed; ./dev setup --browser installs it"
    exit 77
  fi
done
exec node "$@"
