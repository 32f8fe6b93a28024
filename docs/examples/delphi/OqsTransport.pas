// 要求を届け、届いたものを TAnswer にする：Web API と連携フォルダー。
unit OqsTransport;

{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

interface

uses
  SysUtils, Classes, OqsCharset, OqsMessage, OqsOutcome, OqsSettings, OqsHttp;

type
  // 1人の資格確認ができるもの。応答は呼び出し側が解放する。
  TTransport = class
  protected
    FSettings: TSettings;
  public
    constructor Create(Settings: TSettings);
    function Check(const Person: TPerson): TAnswer; virtual; abstract;
    procedure LogOut; virtual;
  end;

  // Web API。トークンは、期限が切れたと言われるまで使い続ける。
  TWeb = class(TTransport)
  private
    FHttp: IHttp;
    FUrl, FToken: string;
    function Post(const Path, Body: string): TAnswer;
  public
    constructor Create(Settings: TSettings; const Http: IHttp);
    function Check(const Person: TPerson): TAnswer; override;
    procedure LogOut; override;
  end;

  // 連携フォルダー。req に置き、res を待つ。
  TFolder = class(TTransport)
  private
    function Send(const Kind, Tail: string; const Content: TBytes): TAnswer;
    function Wait(const Request, Kind, Tail: string): TAnswer;
    function PathOf(const Name: string): string;
  public
    constructor Create(Settings: TSettings);
    function Check(const Person: TPerson): TAnswer; override;
    function CheckAll(const Kind: string; const Persons: TPersons): TAnswer;
    function Fetch(const Number: string): TAnswer;
  end;

implementation

const
  LoginPath = '/oqs-api-pro/MSA12020/ILI12020SV01/auth';
  SearchPath = '/oqs-api-pro/MSA01030/ILI01030SV01/search';
  SecondsOfDay = 24 * 60 * 60;

constructor TTransport.Create(Settings: TSettings);
begin
  inherited Create;
  FSettings := Settings;
end;

procedure TTransport.LogOut;
begin
  // 連携フォルダーにはログインがない。
end;

constructor TWeb.Create(Settings: TSettings; const Http: IHttp);
begin
  inherited Create(Settings);
  FHttp := Http;
  FUrl := Settings['base_url'];
  while (FUrl <> '') and (FUrl[Length(FUrl)] = '/') do
    SetLength(FUrl, Length(FUrl) - 1);
  if Copy(FUrl, 1, 8) <> 'https://' then
    raise EWrongSettings.Create('base_url=' + Settings['base_url'] + ' は https://ホスト名:ポート の形で書いてください。');
  if not FileExists(Settings['ca']) or (Pos('-----BEGIN CERTIFICATE-----', Decode(ReadBytes(Settings['ca']))) = 0) then
    raise EWrongSettings.Create('CA のファイル ca=' + Settings['ca'] + ' がないか、CA の証明書（PEM）ではありません。');
end;

function TWeb.Check(const Person: TPerson): TAnswer;
var
  User: string;
begin
  if FToken = '' then
  begin
    User := FSettings['user'];
    if User = '' then
      User := FSettings['institution'];
    Result := Post(LoginPath, '{"userId":' + JsonString(User) + ',"password":' + JsonString(FSettings['password']) + '}');
    Result.Login := True;
    FToken := Result.LoginText('result/idToken');
    if FToken = '' then
      Exit;
    Result.Free;
  end;
  Result := Post(SearchPath, CheckJson(FSettings['institution'], FSettings['date'], Person));
end;

procedure TWeb.LogOut;
begin
  FToken := '';
end;

function TWeb.Post(const Path, Body: string): TAnswer;
var
  Http: THttpAnswer;
begin
  Http := FHttp.Post(FUrl + Path, FToken, TEncoding.UTF8.GetBytes(Body));
  if Http.Failure <> '' then
  begin
    Result := TAnswer.Create(nil);
    if Http.CertificateFailed then
      Result.NoAnswer := 'サーバーの証明書を検証できません（' + Http.Failure + '）。設定の ca=' + FSettings['ca'] + ' が接続先の CA の証明書か、base_url のホスト名が証明書にあるか確認してください'
    else
      Result.NoAnswer := FUrl + ' と通信できません（' + Http.Failure + '）。サーバーと、設定の base_url を確認してください';
    Exit;
  end;
  Result := TAnswer.Create(Http.Body);
  Result.Status := Http.Status;
  Result.RetryAfter := Http.RetryAfter;
end;

function NoAnswer(const Why: string): TAnswer;
begin
  Result := TAnswer.Create(nil);
  Result.NoAnswer := Why;
end;

constructor TFolder.Create(Settings: TSettings);
var
  Name: string;
begin
  inherited Create(Settings);
  for Name in TLines.Create('req', 'res') do
    if (Settings['folder'] = '') or not DirectoryExists(PathOf(Name)) then
      raise EWrongSettings.Create('連携フォルダー folder=' + Settings['folder'] + ' に ' + Name + ' がありません。req と res のあるフォルダーを指定してください。');
end;

function TFolder.PathOf(const Name: string): string;
begin
  Result := IncludeTrailingPathDelimiter(FSettings['folder']) + Name;
end;

function TFolder.Check(const Person: TPerson): TAnswer;
var
  Persons: TPersons;
begin
  SetLength(Persons, 1);
  Persons[0] := Person;
  Result := CheckAll('OQSsiquc01', Persons);
end;

function TFolder.CheckAll(const Kind: string; const Persons: TPersons): TAnswer;
var
  Tail: string;
begin
  Tail := Stamp('yyyymmddhhnnsszzz', Now);
  Result := Send(Kind, Tail, CheckXml(FSettings['institution'], FSettings['date'], Tail, Persons, FSettings['charset']));
end;

function TFolder.Fetch(const Number: string): TAnswer;
begin
  Result := Send('OQSmuquc02', Stamp('yyyymmddhhnnsszzz', Now), FetchXml(FSettings['institution'], Number, FSettings['charset']));
end;

function TFolder.Send(const Kind, Tail: string; const Content: TBytes): TAnswer;
var
  Request: string;
begin
  Request := PathOf('req' + PathDelim + Kind + 'req_' + Tail + '.xml');
  try
    WriteBytes(Request + '.tmp', Content); // 書き終えてから .xml にする
    if not RenameFile(Request + '.tmp', Request) then
      Exit(NoAnswer('連携フォルダーの ' + Request + ' を作れません。共有フォルダーの接続を確認してください'));
    Result := Wait(Request, Kind, Tail);
  except
    on Error: EStreamError do
      Result := NoAnswer('連携フォルダーを読み書きできません（' + string(Error.Message) + '）。共有フォルダーの接続を確認してください');
  end;
end;

// 書きかけのファイルは読まない。
function IsWhole(const Raw: TBytes): Boolean;
const
  EndTag: array [0 .. 8] of Byte = ($3C, $2F, $58, $6D, $6C, $4D, $73, $67, $3E); // </XmlMsg>
var
  Stop, I: Integer;
begin
  Stop := Length(Raw);
  while (Stop > 0) and (Raw[Stop - 1] <= Ord(' ')) do
    Dec(Stop);
  Result := Stop >= Length(EndTag);
  for I := 0 to High(EndTag) do
    Result := Result and (Raw[Stop - Length(EndTag) + I] = EndTag[I]);
end;

function TFolder.Wait(const Request, Kind, Tail: string): TAnswer;
var
  Answered, Moved, Err: string;
  Raw: TBytes;
  Finish: TDateTime;
  Waiting: Boolean;
begin
  Answered := PathOf('res' + PathDelim + Kind + 'res_' + Tail + '.xml');
  Moved := PathOf('res' + PathDelim + Kind + 'req_' + Tail + '.xml');
  Err := ChangeFileExt(Moved, '.err');
  Raw := nil;
  Finish := Now + FSettings.Seconds('timeout') / SecondsOfDay;
  while Now < Finish do
  begin
    if FileExists(Moved) and FileExists(Err) then
    begin
      Result := TAnswer.Create(nil);
      Result.Err := Decode(ReadBytes(Err));
      Exit;
    end;
    if FileExists(Answered) then
      Raw := ReadBytes(Answered);
    if IsWhole(Raw) then
      Exit(TAnswer.Create(Raw));
    Sleep(300);
  end;
  if Raw <> nil then
    Exit(TAnswer.Create(Raw));
  Waiting := FileExists(Request);
  DeleteFile(Request); // 後から処理されないよう、取り下げる
  if Waiting then
    Result := NoAnswer('要求ファイルが受け取られません。端末の電源と連携アプリケーション、設定の folder を確認してください')
  else
    Result := NoAnswer('応答ファイルが出力されません');
end;

end.
