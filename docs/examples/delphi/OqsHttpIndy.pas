// Indy（TIdHTTP）の HTTP。THTTPClient のない Delphi のためのもの。このリポジトリでは実行していない。
// - OpenSSL 1.0.2 の DLL（libeay32.dll、ssleay32.dll）を EXE と同じフォルダーに置く。32ビットの EXE には32ビットの DLL。
// - SNI（接続先のホスト名の通知）は Indy 10.6 以降が送る。
// - Indy は、証明書の CA は検証するが、ホスト名は照合しない。製品では THTTPClient か WinHTTP を勧める。
unit OqsHttpIndy;

interface

uses
  SysUtils, Classes, IdHTTP, IdSSLOpenSSL, IdException, OqsHttp;

function CreateHttp(const CaFile: string; TimeoutSeconds: Integer): IHttp;

implementation

type
  THttp = class(TInterfacedObject, IHttp)
  private
    FCaFile: string;
    FTimeout: Integer;
    function Verify(Certificate: TIdX509; AOk: Boolean; ADepth, AError: Integer): Boolean;
  public
    function Post(const Url, Token: string; const Body: TBytes): THttpAnswer;
  end;

function CreateHttp(const CaFile: string; TimeoutSeconds: Integer): IHttp;
var
  Http: THttp;
begin
  Http := THttp.Create;
  Http.FCaFile := CaFile;
  Http.FTimeout := TimeoutSeconds * 1000;
  Result := Http;
end;

function THttp.Verify(Certificate: TIdX509; AOk: Boolean; ADepth, AError: Integer): Boolean;
begin
  Result := AOk; // OpenSSL の判断のまま。True を返すと、検証を切ることになる
end;

function THttp.Post(const Url, Token: string; const Body: TBytes): THttpAnswer;
var
  Client: TIdHTTP;
  Tls: TIdSSLIOHandlerSocketOpenSSL;
  Sent, Received: TBytesStream;
begin
  Result := Default(THttpAnswer);
  Client := TIdHTTP.Create(nil);
  Sent := TBytesStream.Create(Body);
  Received := TBytesStream.Create;
  try
    Tls := TIdSSLIOHandlerSocketOpenSSL.Create(Client);
    Tls.SSLOptions.Method := sslvTLSv1_2;
    Tls.SSLOptions.RootCertFile := FCaFile;
    Tls.SSLOptions.VerifyMode := [sslvrfPeer];
    Tls.SSLOptions.VerifyDepth := 2;
    Tls.OnVerifyPeer := Verify;
    Client.IOHandler := Tls;
    Client.ConnectTimeout := FTimeout;
    Client.ReadTimeout := FTimeout;
    // 200 以外のステータスも、例外にせず本文を読む。
    Client.HTTPOptions := Client.HTTPOptions + [hoKeepOrigProtocol, hoNoProtocolErrorException, hoWantProtocolErrorContent];
    Client.Request.ContentType := 'application/json;charset=UTF-8';
    Client.Request.Accept := 'application/json';
    Client.Request.CustomHeaders.FoldLines := False; // 長いトークンを途中で折り返させない
    if Token <> '' then
      Client.Request.CustomHeaders.Values['Authorization'] := Token;
    try
      Client.Post(Url, Sent, Received);
      Result.Status := Client.ResponseCode;
      Result.RetryAfter := StrToIntDef(Client.Response.RawHeaders.Values['Retry-After'], 0);
      Result.Body := Copy(Received.Bytes, 0, Received.Size);
    except
      on Error: EIdException do
      begin
        Result.Failure := Error.Message;
        Result.CertificateFailed := Pos('certificate verify failed', Error.Message) > 0;
      end;
    end;
  finally
    Received.Free;
    Sent.Free;
    Client.Free;
  end;
end;

end.
