// A rehearsal by openapi-fetch with the types that openapi-typescript generated: create, check, advance, restart, check, verdict.
// Arguments: the control and backend URLs, and the control token. NODE_EXTRA_CA_CERTS names the CA's file; control.d.ts and backend.d.ts lie beside this file.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths as BackendPaths } from "./backend.js";
import type { paths as ControlPaths } from "./control.js";

const [controlUrl, backendUrl, token] = process.argv.slice(2);
const operator = createClient<ControlPaths>({ baseUrl: controlUrl, headers: { Authorization: `Bearer ${token}` } });
const receiptComputer = createClient<BackendPaths>({ baseUrl: backendUrl });

/** What an answer has; a missing one says why. */
function needed<T>(answer: { data?: T; error?: unknown }): T {
  assert(answer.data !== undefined, JSON.stringify(answer.error));
  return answer.data;
}

async function check(code: string): Promise<components["schemas"]["CheckAnswer"]["XmlMsg"]> {
  const body: components["schemas"]["CheckRequest"] = {
    XmlMsg: {
      MessageHeader: { QualificationConfirmationDate: "20260120", MedicalInstitutionCode: code },
      MessageBody: {
        QualificationConfirmSearchInfo: {
          InsurerNumber: "01990019",
          InsuredCardSymbol: "11010203",
          InsuredIdentificationNumber: "1001",
          InsuredBranchNumber: "01",
          Birthdate: "19800517",
          LimitApplicationCertificateRelatedConsFlg: "0",
        },
      },
    },
  };
  return needed(await receiptComputer.POST("/oqs-api-pro/MSA01030/ILI01030SV01/search", { body })).XmlMsg;
}

const created = needed(
  await operator.POST("/v1/institutions", { body: { template: "9910000026", scenario: "installed-not-restarted" } }),
);
const path = { code: created.code };
assert.equal((await check(created.code)).MessageHeader.ErrorCode, "MOCK0501E");
const advanced = needed(await operator.POST("/v1/institutions/{code}/clock/advance", { params: { path }, body: { by: "PT10M" } }));
assert(advanced.clock);
needed(await operator.POST("/v1/institutions/{code}/terminals/{terminal}/restart", { params: { path: { ...path, terminal: "T1" } } }));
needed(await operator.POST("/v1/institutions/{code}/clock/advance", { params: { path }, body: { by: "PT10M" } }));
assert.equal((await check(created.code)).MessageBody?.QualificationValidity, "1");
const verdict = needed(await operator.GET("/v1/institutions/{code}/verdict", { params: { path } }));
assert(typeof verdict !== "string" && ["PASS", "INCOMPLETE"].includes(verdict.overall), JSON.stringify(verdict));
console.log(`openapi-typescript: ${created.code}: refused, restarted, answered; the verdict is ${verdict.overall}`);
