//! The expected content of a file in the certificates' directory, and the remedy where it
//! differs.

/// The expected content of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// An X.509 certificate as PEM.
    Certificate,
    /// A private key as PEM.
    PrivateKey,
    /// A CA that this program created, with name constraints or with a subject that says it has
    /// none.
    Ca,
    /// A server certificate issued by the CA in the same directory.
    ServerOfThisCa,
}

impl Expected {
    pub(super) fn english(self) -> &'static str {
        match self {
            Self::Certificate => "an X.509 certificate in PEM (-----BEGIN CERTIFICATE-----)",
            Self::PrivateKey => "a PKCS#8 private key in PEM (-----BEGIN PRIVATE KEY-----)",
            Self::Ca => "a CA that onshi-mock made, with name constraints (or made with --no-name-constraints)",
            Self::ServerOfThisCa => "a server certificate issued by the CA in ca.pem beside it",
        }
    }

    pub(super) fn japanese(self) -> &'static str {
        match self {
            Self::Certificate => "PEM 形式の X.509 証明書（-----BEGIN CERTIFICATE-----）",
            Self::PrivateKey => "PEM 形式の PKCS#8 秘密鍵（-----BEGIN PRIVATE KEY-----）",
            Self::Ca => "onshi-mock が作った、名前制約付き（または --no-name-constraints で作成した）CA",
            Self::ServerOfThisCa => "同じディレクトリの ca.pem の CA が発行したサーバー証明書",
        }
    }
}

/// What to do about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// Restore a copy, or create a new CA with this command.
    RestoreOrNewCa(String),
    /// Delete the server's files; they are created again under the same CA.
    DeleteServer,
}

impl Remedy {
    pub(super) fn english(&self) -> String {
        match self {
            Self::RestoreOrNewCa(command) => {
                format!("Put back a copy of the file, or make a new CA with `{command}`; every client must then trust the new ca.pem.")
            }
            Self::DeleteServer => "Delete server.pem and server.key: they are made anew, and clients need nothing new. Addresses that it carried have to be given with --tls-san again.".to_owned(),
        }
    }

    pub(super) fn japanese(&self) -> String {
        match self {
            Self::RestoreOrNewCa(command) => format!(
                "バックアップからファイルを戻すか、`{command}` で新しい CA を作ってください。新しい CA は、すべてのクライアントで信頼し直す必要があります。"
            ),
            Self::DeleteServer => "server.pem と server.key を削除してください。自動的に作り直されます（クライアント側の作業は不要です）。追加していたIPアドレスは、もう一度 --tls-san で指定してください。".to_owned(),
        }
    }
}
