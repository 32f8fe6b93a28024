# Drives a client that waits for somebody at its screen: it stands in place of client.py in each recipe, and takes the same arguments.
# 画面の前の人を待つクライアントを動かします。各レシピの client.py の代わりに、同じ引数で実行します。
import json, os, ssl, subprocess, sys, urllib.request

# Your client in place of this: each line of its output is what its screen shows. ここをクライアントに置き換えます。
CLIENT = [sys.executable, "good_client.py"]

backend, ca, institution = sys.argv[1:]
opener = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca)))


def administer(path, body):
    headers = {"Authorization": "Bearer " + os.environ["ONSHI_CONTROL_TOKEN"], "Content-Type": "application/json"}
    url = f"{os.environ['CONTROL']}/v1/institutions/{institution}/{path}"
    opener.open(urllib.request.Request(url, json.dumps(body).encode(), headers)).close()


client = subprocess.Popen(
    [*CLIENT, institution], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8",
    env=os.environ | {"BACKEND": backend, "CA": ca, "PYTHONUTF8": "1"})
restarted = False
for line in client.stdout:
    print(line, end="", flush=True)
    if not restarted:
        # What the screen showed: requests do not tell that. 画面に出た文言は、通信からは分かりません。
        administer("observations", {"kind": "message_shown", "text": line.strip(), "by": "ui-test"})
    if "再起動" in line and not restarted:
        # Somebody restarts the terminal. 職員が端末を再起動します。
        administer("terminals/T1/restart", {})
        restarted = True
    # Then somebody presses Enter; a client that has ended does not read that. その後、Enter を押します。
    try:
        client.stdin.write("\n")
        client.stdin.flush()
    except BrokenPipeError:
        pass
sys.exit(client.wait())
