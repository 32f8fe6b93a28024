#!/usr/bin/env bash
# Your client meets the morning after the update, without containers. Needs onshi-mock on the PATH, bash, and curl 7.76 or newer.
# 更新の翌朝を、コンテナーなしでリハーサルします。PATH にある onshi-mock、bash、curl 7.76 以降が必要です。
# Replace the line "your client" by how your tests are started. 「your client」の行を、クライアントのテストを実行するコマンドに置き換えてください。
set -euo pipefail
rm -f ready.txt institution.json onshi-verdict.xml onshi-verdict.html
onshi-mock serve --store memory --certs ci-certs --backend-addr 127.0.0.1:0 --control-addr 127.0.0.1:0 --no-console-link > ready.txt 2> mock.log & mock=$!
trap 'kill "$mock" 2> /dev/null || true; wait "$mock" || true' EXIT
for _ in {1..100}; do
  if grep -qs '^onshi-mock ready' ready.txt || ! kill -0 "$mock" 2> /dev/null; then break; fi
  sleep 0.3
done
if ! grep -qs '^onshi-mock ready' ready.txt; then
  echo 'onshi-mock を起動できませんでした / onshi-mock did not start:' >&2
  cat mock.log >&2
  exit 1
fi
BACKEND=$(sed 's/.*backend=\([^ ]*\).*/\1/' ready.txt) CONTROL=$(sed 's/.*control=//' ready.txt) ONSHI_CONTROL_TOKEN=$(<ci-certs/control-token)
export BACKEND CONTROL ONSHI_CONTROL_TOKEN
control() { curl --noproxy '*' --silent --show-error --fail-with-body --cacert ci-certs/ca.pem --header "Authorization: Bearer $ONSHI_CONTROL_TOKEN" --header "Content-Type: application/json" "$@"; }

# An institution of this run, whose terminal was not restarted. この実行だけの医療機関。端末は再起動されていません。
control --data '{"template": "9910000026", "scenario": "installed-not-restarted"}' --output institution.json "$CONTROL/v1/institutions"
institution=$(sed 's/^{"code":"\([0-9]*\)".*/\1/' institution.json)

# Your client. クライアントのテスト。
client=0
python3 client.py "$BACKEND" ci-certs/ca.pem "$institution" || client=$?

# Past the restart of 09:10, so that a client that ignored the error fails. 9:10 の再起動の後まで時計を進め、エラーを無視したクライアントを不合格にします。
control --data '{"by": "PT1H"}' --output clock.json "$CONTROL/v1/institutions/$institution/clock/advance"
control --output onshi-verdict.html "$CONTROL/v1/institutions/$institution/verdict?format=html"
verdict=0
onshi-mock verdict "$institution" --control-addr "${CONTROL#https://}" --certs ci-certs --format junit --out onshi-verdict.xml || verdict=$?
if [ "$client" != 0 ]; then exit "$client"; fi
exit "$verdict"
