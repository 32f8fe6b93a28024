// HTTPS calls beside the browser: those of a receipt computer to the backend, and of a test to the control API. The CA is the server's own.

import { request } from "node:https";

const LOGIN = "/oqs-api-pro/MSA12020/ILI12020SV01/auth";
const CHECK = "/oqs-api-pro/MSA01030/ILI01030SV01/search";

/** A person of the fixtures whose check is answered with 有効. */
export const TARO = { name: "模擬　太郎", number: "1001", birthdate: "19800517" };

/** Sends JSON and gives status and JSON of the answer. */
function send(server, method, url, authorization, body) {
  return new Promise((answered, failed) => {
    const headers = { "content-type": "application/json" };
    if (authorization) headers.authorization = authorization;
    const sent = request(url, { method, headers, ca: server.ca }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        answered({ status: answer.statusCode, body: text ? JSON.parse(text) : undefined });
      });
      answer.on("error", failed);
    });
    sent.on("error", failed);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Calls the control API, which has to agree. */
export async function control(server, method, path, body) {
  const answer = await send(server, method, server.control + path, `Bearer ${server.token}`, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** A small receipt computer. What its screen would show is what `check` gives. */
export class ReceiptComputer {
  constructor(server, institution) {
    Object.assign(this, { server, institution });
  }

  /** Logs in; the fields go along as they are. */
  async login(fields = {}) {
    const { body } = await send(this.server, "POST", this.server.backend + LOGIN, undefined, { userId: this.institution, ...fields });
    this.token = body.result.idToken;
  }

  /** Checks a patient as a good client does: an error is no result, and tells to restart the terminal. */
  async check(patient = TARO) {
    const { header, body } = await this.ask(patient);
    if (header?.SegmentOfResult !== "1") return "資格確認ができません。資格確認端末を再起動してください。";
    return body.QualificationValidity === "1" ? "有効" : "該当資格なし";
  }

  /** Checks a patient as a naive client does: over and over, then it takes the error for a result. */
  async hammer(patient = TARO) {
    for (let tries = 0; tries < 20; tries += 1) {
      if ((await this.ask(patient)).header?.SegmentOfResult === "1") return "有効";
    }
    return "該当資格なし";
  }

  /** Sends a check; `more` are further elements of the search. */
  async ask({ number, birthdate, ...more }) {
    const { name, ...elements } = more;
    const search = {
      InsurerNumber: "01990019",
      InsuredCardSymbol: "11010203",
      InsuredIdentificationNumber: number,
      Birthdate: birthdate,
      LimitApplicationCertificateRelatedConsFlg: "0",
      ...elements,
    };
    const { body } = await send(this.server, "POST", this.server.backend + CHECK, this.token, {
      XmlMsg: {
        MessageHeader: { QualificationConfirmationDate: "20260120", MedicalInstitutionCode: this.institution },
        MessageBody: { QualificationConfirmSearchInfo: search },
      },
    });
    return { header: body?.XmlMsg?.MessageHeader, body: body?.XmlMsg?.MessageBody };
  }
}
