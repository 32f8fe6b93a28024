// Free Pascal の HTTP：fphttpclient と OpenSSL。
unit OqsHttpFpc;

{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}

interface

uses
  OqsHttp;

function CreateHttp(const CaFile: string; TimeoutSeconds: Integer): IHttp;

implementation

uses
{$IFDEF UNIX}
  BaseUnix,
{$ENDIF}
  SysUtils, Classes, dynlibs, URIParser, fphttpclient, ssockets, sslbase, sslsockets, openssl, fpopenssl, opensslsockets;

type
  THttp = class(TInterfacedObject, IHttp)
  private
    FCaFile, FHost, FTlsError: AnsiString;
    FTimeout: Integer;
    procedure Open(Sender: TObject; const UseSSL: Boolean; out Handler: TSocketHandler);
  public
    function Post(const Url, Token: string; const Body: TBytes): THttpAnswer;
  end;

  // 検証を切るのではなく、設定の CA だけを信頼し、ホスト名も照合する。Free Pascal 3.2.2 は、どちらも自分からは行わない。
  TVerifyingSocket = class(TOpenSSLSocketHandler)
  private
    FHttp: THttp;
  protected
    function InitContext(NeedCertificate: Boolean): Boolean; override;
  public
    function Connect: Boolean; override;
  end;

  TGetParam = function(Context: Pointer): Pointer; cdecl;
  TSetText = function(Param: Pointer; Text: PAnsiChar): Integer; cdecl;
  TSetHost = function(Param: Pointer; Text: PAnsiChar; Length: SizeUInt): Integer; cdecl;

function CreateHttp(const CaFile: string; TimeoutSeconds: Integer): IHttp;
var
  Http: THttp;
begin
  Http := THttp.Create;
  Http.FCaFile := AnsiString(CaFile);
  Http.FTimeout := TimeoutSeconds * 1000;
  Result := Http;
end;

function TVerifyingSocket.InitContext(NeedCertificate: Boolean): Boolean;
var
  GetParam: TGetParam;
  SetIp: TSetText;
  SetHost: TSetHost;
  Param: Pointer;
begin
  Result := inherited;
  @GetParam := GetProcedureAddress(SSLLibHandle, 'SSL_get0_param');
  @SetIp := GetProcedureAddress(SSLUtilHandle, 'X509_VERIFY_PARAM_set1_ip_asc');
  @SetHost := GetProcedureAddress(SSLUtilHandle, 'X509_VERIFY_PARAM_set1_host');
  if not (Assigned(GetParam) and Assigned(SetIp) and Assigned(SetHost)) then
    raise ESSL.Create('この OpenSSL ではホスト名を照合できません（1.0.2 以降が必要です）');
  Param := GetParam(SSL.SSL);
  if SetIp(Param, PAnsiChar(FHttp.FHost)) <> 1 then // アドレスでなければ名前
    SetHost(Param, PAnsiChar(FHttp.FHost), 0);
end;

function TVerifyingSocket.Connect: Boolean;
begin
  Result := inherited;
  if not Result then
    FHttp.FTlsError := SSLLastErrorString;
end;

procedure THttp.Open(Sender: TObject; const UseSSL: Boolean; out Handler: TSocketHandler);
var
  Socket: TVerifyingSocket;
begin
  Socket := TVerifyingSocket.Create;
  Socket.FHttp := Self;
  Socket.CertificateData.CertCA.FileName := FCaFile;
  Socket.VerifyPeerCert := True;
  Socket.SSLType := stTLSv1_2;
  Handler := Socket;
end;

function THttp.Post(const Url, Token: string; const Body: TBytes): THttpAnswer;
var
  Client: TFPHTTPClient;
  Received: TBytesStream;
begin
  Result.Failure := '';
  Result.CertificateFailed := False;
  FHost := ParseURI(AnsiString(Url)).Host;
  FTlsError := '';
  Received := TBytesStream.Create;
  Client := TFPHTTPClient.Create(nil);
  try
    Client.OnGetSocketHandler := Open;
    Client.IOTimeout := FTimeout;
    Client.ConnectTimeout := FTimeout;
    Client.AddHeader('Content-Type', 'application/json;charset=UTF-8');
    Client.AddHeader('Accept', 'application/json');
    if Token <> '' then
      Client.AddHeader('Authorization', AnsiString(Token));
    Client.RequestBody := TBytesStream.Create(Body);
    try
      Client.HTTPMethod('POST', AnsiString(Url), Received, []); // [] はどのステータスも例外にしない
      Result.Status := Client.ResponseStatusCode;
      if Result.Status = 0 then
        Result.Failure := '応答の前に接続が切れました'; // fphttpclient は例外にしない
      Result.RetryAfter := StrToIntDef(Client.GetHeader(Client.ResponseHeaders, 'Retry-After'), 0);
      Result.Body := Copy(Received.Bytes, 0, Received.Size);
    except
      on Error: Exception do
      begin
        Result.Failure := string(Trim(Error.Message + ' ' + FTlsError));
        Result.CertificateFailed := Pos('certificate verify failed', FTlsError) > 0;
      end;
    end;
  finally
    Client.RequestBody.Free;
    Client.Free;
    Received.Free;
  end;
end;

{$IFDEF UNIX}
initialization
  FpSignal(SIGPIPE, SignalHandler(SIG_IGN)); // 切れた接続に書いても、プログラムが終わらないように
{$ENDIF}

end.
