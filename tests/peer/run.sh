# Runs a peer test: run.sh PYTHON SCRIPT ARGUMENT... Exit 77 (skipped) where ./dev setup --peers was not run.
if [ ! -x "$1" ]; then
  echo "skipped: no $1; ./dev setup --peers makes it"
  exit 77
fi
exec "$@"
