// 資格確認のクライアントの例。使い方：Client web|folder|bulk [settings=ファイル] [名前=値 ...]（docs/sample-clients.ja.md）
// 標準出力の1行が、画面に表示する1行。標準入力の1行が、職員の操作。
program Client;

{$APPTYPE CONSOLE}
{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

uses
{$IFDEF UNIX}
  cwstring, // Unix での文字コードの変換
{$ENDIF}
  SysUtils, Classes, OqsTree, OqsMessage, OqsOutcome, OqsSettings, OqsTransport, OqsHttp,
{$IFDEF FPC}
  OqsHttpFpc;
{$ELSE}
  OqsHttpDelphi; // Indy を使う製品では OqsHttpIndy
{$ENDIF}

type
  EEnded = class(Exception); // 職員が操作を終えた

  // 何を送るか。応答は呼び出し側が解放する。
  TSend = function: TAnswer of object;

  // 1つの照会
  TInquiry = class
  public
    Heading: string;
    Transport: TTransport;
    Person: TPerson;
    Persons: TPersons;
    Number: string;
    function Check: TAnswer;
    function CheckAll: TAnswer;
    function Fetch: TAnswer;
  end;

function TInquiry.Check: TAnswer;
begin
  Result := Transport.Check(Person);
end;

function TInquiry.CheckAll: TAnswer;
begin
  Result := (Transport as TFolder).CheckAll('OQSmuquc01', Persons);
end;

function TInquiry.Fetch: TAnswer;
begin
  Result := (Transport as TFolder).Fetch(Number);
end;

procedure Show(const Line: string);
{$IFDEF FPC}
begin
  Writeln(UTF8Encode(Line));
  Flush(Output);
end;
{$ELSE}
begin
  Writeln(Line);
end;
{$ENDIF}

// 同じ照会を繰り返すかどうかを、職員に聞く。
function AskStaff(AfterRestart: Boolean): Boolean;
var
  Reply: string;
begin
  if AfterRestart then
    Show('［Enter］再起動が終わったので、同じ照会をもう一度行う　［n］次へ　［q］終了')
  else
    Show('［Enter］同じ照会をもう一度行う　［n］次へ　［q］終了');
  if Eof then
    raise EEnded.Create('');
  Readln(Reply);
  if Trim(Reply) = 'q' then
    raise EEnded.Create('');
  Result := Trim(Reply) <> 'n';
end;

procedure WaitUntil(Moment: TDateTime);
var
  Milliseconds: Integer;
begin
  Milliseconds := Round((Moment - Now) * 24 * 60 * 60 * 1000);
  if Milliseconds <= 0 then
    Exit;
  Show('約' + IntToStr(Milliseconds div 1000 + 1) + '秒後に照会します。');
  Sleep(Milliseconds);
end;

procedure KeepAnswer(const Raw: TBytes);
var
  Name: string;
begin
  Name := 'answer-' + Stamp('yyyymmddhhnnsszzz', Now) + '.txt';
  WriteBytes(Name, Raw);
  Show('応答をファイル ' + Name + ' に保存しました。プログラムの保守担当者に渡してください。');
end;

procedure ShowAll(const Outcome: TOutcome);
var
  I: Integer;
begin
  for I := 0 to High(Outcome.Lines) do
    Show(Outcome.Lines[I]);
end;

function IsResult(const Outcome: TOutcome): Boolean;
begin
  Result := Outcome.Action in [acResult, acTakeOver, acShowResult];
end;

// 結果が得られるか、職員が次に進むまで、同じ照会を繰り返す。得られた応答を返す。得られなければ nil。
function Confirm(Settings: TSettings; Inquiry: TInquiry; Send: TSend; Decide: TDecide): TAnswer;
var
  Outcome: TOutcome;
  Restarted, LoggedInAgain: Boolean;
  Sent: TDateTime;
  Seconds: Integer;
begin
  Restarted := False;
  LoggedInAgain := False;
  while True do
  begin
    Sent := Now;
    Show(Inquiry.Heading);
    Result := Send;
    Outcome := Decide(Result, Restarted);
    if (Outcome.Action = acLogIn) and not LoggedInAgain then
    begin
      LoggedInAgain := True;
      Inquiry.Transport.LogOut;
      Result.Free;
      Continue;
    end;
    ShowAll(Outcome);
    if Outcome.Keep then
      KeepAnswer(Result.Raw);
    if IsResult(Outcome) then
      Exit;
    Seconds := Result.RetryAfter;
    FreeAndNil(Result);
    if (Outcome.Action = acCorrect) or not AskStaff(Outcome.AsksRestart) then
      Exit;
    Restarted := Restarted or Outcome.AsksRestart;
    Inquiry.Transport.LogOut; // やり直すときは、ログインからやり直す。トークンの期限切れが、401 でなくエラーの電文で届くこともある
    if Seconds < Settings.Seconds('interval') then
      Seconds := Settings.Seconds('interval');
    WaitUntil(Sent + Seconds / (24 * 60 * 60));
  end;
end;

function NameOf(const Person: TPerson): string;
const
  Labels: array [0 .. 4] of string = ('保険者番号', '記号', '番号', '枝番', '生年月日');
var
  I: Integer;
begin
  Result := '';
  for I := 0 to High(Person) do
    if Person[I] <> '' then
    begin
      if Result <> '' then
        Result := Result + '　';
      Result := Result + Labels[I] + ' ';
      if I = 4 then
        Result := Result + Day(Person[I])
      else
        Result := Result + Person[I];
    end;
end;

// 1人ずつの資格確認。全員の結果が得られたかどうかを返す。
function CheckEach(Settings: TSettings; Inquiry: TInquiry): Boolean;
var
  I: Integer;
  Answer: TAnswer;
begin
  Result := True;
  for I := 0 to High(Settings.Persons) do
  begin
    Inquiry.Person := Settings.Persons[I];
    Inquiry.Heading := '【資格確認】' + NameOf(Inquiry.Person);
    Answer := Confirm(Settings, Inquiry, Inquiry.Check, Decide);
    Result := Result and (Answer <> nil);
    Answer.Free;
  end;
end;

// 一括照会の結果を、1人分ずつ表示する。
function ShowUnits(const Units: TNodes): Boolean;
var
  I: Integer;
  Outcome: TOutcome;
begin
  Result := True;
  for I := 0 to High(Units) do
  begin
    Show('【資格確認】' + NameOf(PersonOf(Units[I])));
    Outcome := DecideBody(Units[I], False);
    ShowAll(Outcome);
    Result := Result and IsResult(Outcome);
  end;
end;

// 一括照会：OQSmuquc01 で依頼し、受付番号で OQSmuquc02 の結果を受け取る。
function Bulk(Settings: TSettings; Inquiry: TInquiry): Boolean;
var
  Answer: TAnswer;
begin
  Inquiry.Persons := Settings.Persons;
  Inquiry.Heading := '【一括照会】' + IntToStr(Length(Settings.Persons)) + ' 件';
  Answer := Confirm(Settings, Inquiry, Inquiry.CheckAll, DecideHeader);
  if Answer = nil then
    Exit(False);
  Inquiry.Number := Answer.Message.Text('MessageBody/ReceptionNumber');
  if Inquiry.Number = '' then
    Inquiry.Number := Answer.Message.Text('MessageHeader/ReceptionNumber');
  Answer.Free;
  Show('受け付けられました。受付番号 ' + Inquiry.Number);
  Inquiry.Heading := '【一括照会の結果】受付番号 ' + Inquiry.Number;
  Answer := Confirm(Settings, Inquiry, Inquiry.Fetch, DecideHeader);
  if Answer = nil then
    Exit(False);
  Result := ShowUnits(Answer.Message.All('MessageBody/BulkConfirmUnit'));
  Answer.Free;
end;

function Run: Boolean;
var
  Mode: string;
  Settings: TSettings;
  Inquiry: TInquiry;
begin
  Mode := string(ParamStr(1));
  if (Mode <> 'web') and (Mode <> 'folder') and (Mode <> 'bulk') then
    raise EWrongSettings.Create('web、folder、bulk のどれかを指定してください。');
  Settings := TSettings.Create;
  Inquiry := TInquiry.Create;
  try
    if Mode = 'web' then
      Inquiry.Transport := TWeb.Create(Settings, CreateHttp(Settings['ca'], Settings.Seconds('timeout')))
    else
      Inquiry.Transport := TFolder.Create(Settings);
    if Mode = 'bulk' then
      Result := Bulk(Settings, Inquiry)
    else
      Result := CheckEach(Settings, Inquiry);
  finally
    Inquiry.Transport.Free;
    Inquiry.Free;
    Settings.Free;
  end;
end;

begin
{$IFDEF FPC}
  SetMultiByteConversionCodePage(CP_UTF8); // 引数とファイル名の文字コード
{$ENDIF}
  try
    if not Run then
      ExitCode := 1;
  except
    on EEnded do
      ExitCode := 1;
    on Wrong: EWrongSettings do
    begin
      Show(Wrong.Explanation);
      ExitCode := 2;
    end;
  end;
end.
