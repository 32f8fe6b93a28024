// 設定：名前=値 の並び。同じ名前は、後のものが優先。person= は、書いた数だけの患者になる。
unit OqsSettings;

{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

interface

uses
  SysUtils, Classes, OqsCharset, OqsMessage;

type
  // 設定の誤り。メッセージは、どう直すかまで言う。例外の Message は古い文字コードになりうるので、別に持つ。
  EWrongSettings = class(Exception)
  public
    Explanation: string;
    constructor Create(const AExplanation: string);
  end;

  TSettings = class
  private
    FValues: array [0 .. 9] of string;
    procedure Read(const Argument: string);
    procedure ReadFile(const Path: string);
    procedure ReadPerson(const Value: string);
    function Get(const Name: string): string;
  public
    Persons: TPersons;
    constructor Create; // コマンドラインの2つ目から後を読む
    function Seconds(const Name: string): Integer;
    property Values[const Name: string]: string read Get; default;
  end;

function Stamp(const Format: string; When: TDateTime): string;
function JapanNow: TDateTime;
function ReadBytes(const Path: string): TBytes;
procedure WriteBytes(const Path: string; const Data: TBytes);

implementation

uses
{$IFDEF MSWINDOWS}Windows, {$ENDIF}DateUtils;

const
  Names: array [0 .. 9] of string = ('base_url', 'ca', 'institution', 'user', 'password', 'folder', 'charset', 'date', 'timeout', 'interval');
  Defaults: array [0 .. 9] of string = (
    'https://localhost:8443',
    'certs/ca.pem', // サーバーの証明書を検証する CA
    '9910000026',
    '', // 空なら医療機関コード
    'onshi-mock',
    '', // req と res のあるフォルダー
    'utf-8', // 要求ファイルの文字コード：utf-8 または shift_jis
    '', // 資格確認日 YYYYMMDD。空なら今日
    '30', // 応答を待つ秒数
    '10'); // 同じ照会を次に送るまでの最短の秒数
  PersonForm = 'person（保険者番号,記号,番号,枝番,生年月日）';

constructor EWrongSettings.Create(const AExplanation: string);
begin
  inherited Create('設定の誤り');
  Explanation := AExplanation;
end;

function IndexOf(const Name: string): Integer;
begin
  Result := High(Names);
  while (Result >= 0) and (Names[Result] <> Name) do
    Dec(Result);
end;

constructor TSettings.Create;
var
  I: Integer;
begin
  inherited;
  for I := 0 to High(Names) do
    FValues[I] := Defaults[I];
  for I := 2 to ParamCount do
    Read(string(ParamStr(I)));
  if Persons = nil then
    raise EWrongSettings.Create('患者がいません。person=保険者番号,記号,番号,枝番,生年月日 を指定してください。');
  if Get('date') = '' then
    FValues[IndexOf('date')] := Stamp('yyyymmdd', JapanNow);
end;

function TSettings.Get(const Name: string): string;
begin
  Result := FValues[IndexOf(Name)];
end;

function TSettings.Seconds(const Name: string): Integer;
begin
  Result := StrToInt(Get(Name));
end;

procedure TSettings.Read(const Argument: string);
var
  Equals, I: Integer;
  Name, Value: string;
begin
  Equals := Pos('=', Argument);
  Name := Copy(Argument, 1, Equals - 1);
  Value := Copy(Argument, Equals + 1, MaxInt);
  if Name = 'settings' then
    ReadFile(Value)
  else if Name = 'person' then
    ReadPerson(Value)
  else if IndexOf(Name) >= 0 then
    FValues[IndexOf(Name)] := Value
  else
  begin
    Value := '';
    for I := 0 to High(Names) do
      Value := Value + Names[I] + '、';
    raise EWrongSettings.Create('設定 ' + Argument + ' は使えません。使える名前：' + Value + 'settings、' + PersonForm);
  end;
end;

procedure TSettings.ReadFile(const Path: string);
var
  Rest, Line: string;
  Stop: Integer;
begin
  try
    Rest := Decode(ReadBytes(Path)) + #10;
  except
    on Error: EStreamError do
      raise EWrongSettings.Create('設定ファイル ' + Path + ' を読めません：' + string(Error.Message));
  end;
  while Rest <> '' do
  begin
    Stop := Pos(#10, Rest);
    Line := Trim(Copy(Rest, 1, Stop - 1));
    Delete(Rest, 1, Stop);
    if (Line <> '') and (Line[1] <> '#') then
      Read(Line);
  end;
end;

procedure TSettings.ReadPerson(const Value: string);
var
  Rest: string;
  Person: TPerson;
  I, Comma: Integer;
begin
  Rest := Value + ',';
  for I := 0 to High(Person) do
  begin
    Comma := Pos(',', Rest);
    Person[I] := Trim(Copy(Rest, 1, Comma - 1));
    Delete(Rest, 1, Comma);
    if (Comma = 0) or (I = High(Person)) and (Rest <> '') then
      raise EWrongSettings.Create('設定 person=' + Value + ' は使えません。使える形：' + PersonForm);
  end;
  SetLength(Persons, Length(Persons) + 1);
  Persons[High(Persons)] := Person;
end;

function Stamp(const Format: string; When: TDateTime): string;
begin
  Result := string(FormatDateTime(Format, When));
end;

function JapanNow: TDateTime;
{$IFDEF MSWINDOWS}
var
  Utc: TSystemTime;
begin
  GetSystemTime(Utc);
  Result := IncHour(SystemTimeToDateTime(Utc), 9);
end;
{$ELSE}
begin
  Result := IncHour(LocalTimeToUniversal(Now), 9);
end;
{$ENDIF}

// 連携アプリケーションが書いている途中でも、開けるように読む。
function ReadBytes(const Path: string): TBytes;
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(Path, fmOpenRead or fmShareDenyNone);
  try
    SetLength(Result, Stream.Size);
    if Result <> nil then
      Stream.ReadBuffer(Result[0], Length(Result));
  finally
    Stream.Free;
  end;
end;

procedure WriteBytes(const Path: string; const Data: TBytes);
var
  Stream: TFileStream;
begin
  Stream := TFileStream.Create(Path, fmCreate);
  try
    if Data <> nil then
      Stream.WriteBuffer(Data[0], Length(Data));
  finally
    Stream.Free;
  end;
end;

end.
