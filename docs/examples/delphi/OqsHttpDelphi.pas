// Delphi の HTTP：THTTPClient（TNetHTTPClient の中身。Delphi 10.3 以降）。このリポジトリでは実行していない。
// Windows の証明書ストアにある CA を信頼する。設定の ca のファイルは、先に certutil -user -addstore Root で取り込む。
unit OqsHttpDelphi;

interface

uses
  System.SysUtils, System.Classes, System.Net.HttpClient, System.Net.URLClient, OqsHttp;

function CreateHttp(const CaFile: string; TimeoutSeconds: Integer): IHttp;

implementation

type
  THttp = class(TInterfacedObject, IHttp)
  private
    FTimeout: Integer;
  public
    function Post(const Url, Token: string; const Body: TBytes): THttpAnswer;
  end;

function CreateHttp(const CaFile: string; TimeoutSeconds: Integer): IHttp;
var
  Http: THttp;
begin
  Http := THttp.Create;
  Http.FTimeout := TimeoutSeconds * 1000;
  Result := Http;
end;

function BytesOf(Stream: TStream): TBytes;
begin
  SetLength(Result, Stream.Size);
  Stream.Position := 0;
  if Result <> nil then
    Stream.ReadBuffer(Result[0], Length(Result));
end;

function THttp.Post(const Url, Token: string; const Body: TBytes): THttpAnswer;
var
  Client: THTTPClient;
  Content: TBytesStream;
  Headers: TNetHeaders;
  Response: IHTTPResponse;
begin
  Result := Default(THttpAnswer);
  Content := TBytesStream.Create(Body);
  Client := THTTPClient.Create;
  try
    Client.ConnectionTimeout := FTimeout;
    Client.ResponseTimeout := FTimeout;
    Client.SecureProtocols := [THTTPSecureProtocol.TLS12];
    Headers := [TNameValuePair.Create('Content-Type', 'application/json;charset=UTF-8'), TNameValuePair.Create('Accept', 'application/json')];
    if Token <> '' then
      Headers := Headers + [TNameValuePair.Create('Authorization', Token)];
    try
      Response := Client.Post(Url, Content, nil, Headers);
      Result.Status := Response.StatusCode;
      Result.RetryAfter := StrToIntDef(Response.HeaderValue['Retry-After'], 0);
      Result.Body := BytesOf(Response.ContentStream);
    except
      on Error: ENetException do
      begin
        Result.Failure := Error.Message;
        Result.CertificateFailed := Error is ENetHTTPCertificateException;
      end;
    end;
  finally
    Client.Free;
    Content.Free;
  end;
end;

end.
