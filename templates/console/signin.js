// Signs in: by the code in the link's fragment, which is removed from the address first, or by the
// control token in the form.
"use strict";

const element = (id) => document.getElementById(id);

function show(isBusy) {
  element("progress").hidden = !isBusy;
  element("manual").hidden = isBusy;
}

function refuse(problem) {
  element("refused-title").textContent = problem.title;
  element("refused-ja").textContent = [problem.detail, problem.remedy && `${problem.remedy}。`].filter(Boolean).join("");
  element("refused-en").textContent = [problem.detail_en, problem.remedy_en].filter(Boolean).join(" ");
  element("refused").hidden = false;
}

async function signIn(input) {
  element("refused").hidden = true;
  element("submit").disabled = true;
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("/signin", { method: "POST", headers, body: JSON.stringify(input) });
    if (response.ok) {
      location.replace("/console/start");
      return;
    }
    refuse(await response.json());
  } catch {
    refuse({
      title: "サーバーに接続できません",
      detail: "サーバーが動いているか確認して、もう一度お試しください。",
      detail_en: "The server cannot be reached: check that it is running, and try again.",
    });
  }
  element("submit").disabled = false;
  show(false);
  element("token").focus();
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  signIn({ token: element("token").value.trim() });
});

function signInByLink() {
  const code = location.hash.slice(1);
  if (code) {
    history.replaceState(null, "", location.pathname);
    show(true);
    signIn({ code });
  }
}

addEventListener("hashchange", signInByLink);
signInByLink();
