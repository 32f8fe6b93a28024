// 届いたものから、すべきことと表示することを決める。docs/answers.ja.md の「判断の表」のとおりで、Row はその行番号。
unit OqsOutcome;

{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

interface

uses
  SysUtils, OqsTree, OqsMessage;

type
  TNextStep = (
    acResult, // 決めることはまだない（DecideHeader：電文の本体まで読み進めてよい）
    acTakeOver, // 資格情報を取り込む
    acShowResult, // 結果を表示する（取り込むものはない）
    acRepeat, // 職員の操作で、同じ患者の資格確認をもう一度行う
    acAskLater, // 処理中。しばらく待って、もう一度照会する
    acLogIn, // 1回だけログインし直して、同じ資格確認を行う
    acCorrect); // 要求ファイルの誤り。同じファイルを送り直さない

  // 届いたもの
  TAnswer = class
  private
    FRoot: TNode;
  public
    NoAnswer: string; // 何も届かなかった理由
    Status: Integer; // HTTP ステータス。連携フォルダーでは 200
    RetryAfter: Integer; // Retry-After の秒数
    Err: string; // .err ファイルの内容
    Message: TNode; // 電文の木（XmlMsg）。読めなければ nil
    Raw: TBytes; // 届いたバイト列
    Login: Boolean; // ログインへの応答か
    constructor Create(const ARaw: TBytes);
    destructor Destroy; override;
    function LoginText(const Path: string): string; // ログインの応答（電文ではない JSON）にある値。なければ空文字列
  end;

  TLines = array of string;

  TOutcome = record
    Row: Integer;
    Action: TNextStep;
    Lines: TLines; // 画面に表示する行
    AsksRestart: Boolean; // 端末の再起動を求められた
    Keep: Boolean; // 応答を、保守担当者のために残す
  end;

  TDecide = function(Answer: TAnswer; Restarted: Boolean): TOutcome;

// Restarted は、再起動を求めるエラーの後に、職員がやり直しの操作をしたかどうか。
function Decide(Answer: TAnswer; Restarted: Boolean): TOutcome;
function DecideHeader(Answer: TAnswer; Restarted: Boolean): TOutcome; // 行1〜5
function DecideBody(Body: TNode; Restarted: Boolean): TOutcome; // 行6〜14。Body は MessageBody、または一括照会の1人分（BulkConfirmUnit）
function AsksForRestart(const Said: string): Boolean;
function Day(const Date: string): string;

implementation

const
  Validities: array [1 .. 6] of string = ('有効', '無効', '無効（新しい資格あり）', '該当資格なし', '複数該当', '有効（未登録）');
  CallCentre = 'コールセンター（0800-080-4583）に連絡し、その間は KB0011769#B の方法（マイナポータルの資格情報の画面、資格情報のお知らせ、資格確認書など）で資格を確認してください。';

constructor TAnswer.Create(const ARaw: TBytes);
begin
  inherited Create;
  Status := 200;
  Raw := ARaw;
  FRoot := Parse(ARaw);
  if FRoot <> nil then
    Message := FRoot.First('XmlMsg');
end;

destructor TAnswer.Destroy;
begin
  FRoot.Free;
  inherited;
end;

function TAnswer.LoginText(const Path: string): string;
begin
  if FRoot = nil then
    Result := ''
  else
    Result := FRoot.Text(Path);
end;

procedure Tell(var Outcome: TOutcome; const Line: string);
begin
  if Line = '' then
    Exit;
  SetLength(Outcome.Lines, Length(Outcome.Lines) + 1);
  Outcome.Lines[High(Outcome.Lines)] := Line;
end;

function OutcomeOf(Row: Integer; Action: TNextStep): TOutcome;
begin
  Result.Row := Row;
  Result.Action := Action;
  Result.Lines := nil;
  Result.AsksRestart := False;
  Result.Keep := False;
end;

function Unknown(Row: Integer; const Why: string): TOutcome;
begin
  Result := OutcomeOf(Row, acRepeat);
  Result.Keep := Row = 14;
  Tell(Result, '資格確認ができませんでした。' + Why);
  Tell(Result, '資格確認端末と回線が動いているか、端末が再起動されているかを確認し、もう一度資格確認を行ってください。');
end;

// コードとメッセージを、届いたとおりに。
function ErrorOf(Node: TNode; const Prefix: string): string;
begin
  if Node = nil then
    Result := ''
  else
    Result := Trim(Node.Text(Prefix + 'Code') + ' ' + Node.Text(Prefix + 'Message'));
end;

function Has(const Sentence: string; const Words: array of string): Boolean;
var
  I: Integer;
begin
  Result := False;
  for I := 0 to High(Words) do
    Result := Result or (Pos(Words[I], Sentence) > 0);
end;

// 再起動を求める文があるか。エラーのコードは公開されていないので、文言で判断する。
function AsksForRestart(const Said: string): Boolean;
var
  Rest, Sentence: string;
  Stop: Integer;
begin
  Result := False;
  Rest := Said + '。';
  while Rest <> '' do
  begin
    Stop := Pos('。', Rest);
    Sentence := Copy(Rest, 1, Stop - 1);
    Delete(Rest, 1, Stop);
    Result := Result or (Has(Sentence, ['再起動', '再立ち上げ', '立ち上げ直', 'リブート']) and Has(Sentence, ['ください', '必要', 'お願い']) and
      not Has(Sentence, ['再起動しても', '再起動後も', '再起動しない', '再起動せず', '不要', '必要ありません', '必要はありません']));
  end;
end;

function Refused(Row: Integer; const Said: string; Restarted: Boolean): TOutcome;
begin
  Result := OutcomeOf(Row, acRepeat);
  Result.AsksRestart := AsksForRestart(Said);
  Tell(Result, '資格確認ができませんでした。');
  Tell(Result, Said);
  if Result.AsksRestart then
    Tell(Result, '資格確認端末を再起動してください。終わったら、同じ患者の資格確認をもう一度行います。');
  if Restarted then
    Tell(Result, '再起動してもエラーが続く場合は、' + CallCentre);
end;

function OtherStatus(Answer: TAnswer): TOutcome;
begin
  Result := OutcomeOf(2, acRepeat);
  Tell(Result, '資格確認ができませんでした。HTTP ステータス ' + IntToStr(Answer.Status));
  if Answer.Login then // ログインのエラーは電文ではなく、{"status": コード, "msg": メッセージ}
    Tell(Result, Trim(Answer.LoginText('status') + ' ' + Answer.LoginText('msg')));
  if Answer.Login and (Answer.Status < 404) then
    Tell(Result, 'ログインができません。設定の user と password を確認してください。')
  else if Answer.RetryAfter > 0 then
    Tell(Result, '今は応答できないと返されました。' + IntToStr(Answer.RetryAfter) + ' 秒以上待って、もう一度資格確認を行ってください。')
  else if Answer.Status >= 500 then
    Tell(Result, '今は応答できないと返されました。しばらく待って、もう一度資格確認を行ってください。')
  else
    Tell(Result, '要求に誤りがあります。プログラムの保守担当者に連絡してください。');
end;

// .err ファイルの内容を、そのまま表示する。
function Unreadable(const Err: string): TOutcome;
var
  Rest: string;
  Stop: Integer;
begin
  Result := OutcomeOf(3, acCorrect);
  Tell(Result, '要求ファイルを読み取れないという応答（.err）が届きました。');
  Rest := Err + #10;
  while Rest <> '' do
  begin
    Stop := Pos(#10, Rest);
    Tell(Result, TrimRight(Copy(Rest, 1, Stop - 1)));
    Delete(Rest, 1, Stop);
  end;
  Tell(Result, '同じファイルは送り直しません。この内容を、プログラムの保守担当者に伝えてください。');
end;

function DecideHeader(Answer: TAnswer; Restarted: Boolean): TOutcome;
var
  Segment: string;
begin
  if Answer.NoAnswer <> '' then
    Exit(Unknown(1, '応答がありません：' + Answer.NoAnswer));
  if (Answer.Status = 401) and not Answer.Login then
  begin
    Result := OutcomeOf(2, acLogIn);
    Tell(Result, '資格確認ができませんでした。HTTP ステータス 401');
    Tell(Result, ErrorOf(Answer.Message, 'MessageHeader/Error'));
    Exit;
  end;
  if (Answer.Status <> 200) and (Answer.Message = nil) then
    Exit(OtherStatus(Answer));
  if Answer.Err <> '' then
    Exit(Unreadable(Answer.Err));
  if Answer.Message = nil then
    Exit(Unknown(14, '応答を読み取れません'));
  Segment := Answer.Message.Text('MessageHeader/SegmentOfResult');
  if Segment = '9' then
    Exit(Refused(4, ErrorOf(Answer.Message, 'MessageHeader/Error'), Restarted));
  if Segment = '2' then
  begin
    Result := OutcomeOf(5, acAskLater);
    Tell(Result, '処理中です。しばらく待って、もう一度照会してください。');
    Exit;
  end;
  if (Segment <> '1') or (Answer.Message.First('MessageBody') = nil) then
    Exit(Unknown(14, '応答を読み取れません'));
  Result := OutcomeOf(0, acResult);
end;

function Decide(Answer: TAnswer; Restarted: Boolean): TOutcome;
begin
  Result := DecideHeader(Answer, Restarted);
  if Result.Action = acResult then
    Result := DecideBody(Answer.Message.First('MessageBody'), Restarted);
end;

function Qualification(Node: TNode): string;
const
  Labels: array [0 .. 3] of string = ('保険者番号', '記号', '番号', '枝番');
var
  I: Integer;
begin
  Result := Node.Text('Name');
  for I := 0 to High(Labels) do
    if Node.Text(PersonElements[I]) <> '' then
      Result := Result + '　' + Labels[I] + ' ' + Node.Text(PersonElements[I]);
end;

function ReasonOf(const Code: string): string;
begin
  Result := Code;
  if Code = '01' then
    Result := '死亡'
  else if Code = '02' then
    Result := '生活保護受給開始'
  else if Code = '03' then
    Result := '医療保険等の資格取得'
  else if Code = '99' then
    Result := 'その他';
end;

procedure TellResults(var Outcome: TOutcome; Validity: Integer; const Found: TNodes);
var
  I: Integer;
begin
  for I := 0 to High(Found) do
    if Validity in [1, 6] then
      Tell(Outcome, '取り込む資格情報：' + Qualification(Found[I]))
    else if Validity in [2, 3] then
      Tell(Outcome, '資格喪失日 ' + Day(Found[I].Text('DisqualificationDate')) + '　喪失事由 ' + ReasonOf(Found[I].Text('ReasonOfLoss')));
end;

function DecideBody(Body: TNode; Restarted: Boolean): TOutcome;
const
  Rows: array [1 .. 6] of Integer = (8, 10, 11, 12, 13, 9);
var
  Status, Note: string;
  Validity: Integer;
begin
  Status := Body.Text('ProcessingResultStatus');
  Validity := StrToIntDef(Body.Text('QualificationValidity'), 0);
  Note := ErrorOf(Body, 'ProcessingResult');
  if Status = '2' then
    Exit(Refused(6, Note, Restarted));
  if (Status <> '1') or not (Validity in [1 .. 6]) then
    Exit(Unknown(14, '応答を読み取れません'));
  Result := OutcomeOf(Rows[Validity], acShowResult);
  if Note <> '' then
    Tell(Result, '注記：' + Note);
  Tell(Result, '資格確認の結果：' + Validities[Validity]);
  TellResults(Result, Validity, Body.Results);
  case Validity of
    1, 6:
      Result.Action := acTakeOver;
    2:
      Tell(Result, '新しい資格の提示をお願いしてください。');
    3:
      begin
        Tell(Result, '新しい資格があります（その内容は、この応答にはありません）。');
        Tell(Result, '新しい資格の提示をお願いしてください。');
      end;
    4:
      Tell(Result, '保険者番号・記号・番号・枝番・生年月日を照合し、もう一度資格確認を行ってください。');
    5:
      Tell(Result, '枝番を確認し、枝番を付けて資格確認を行ってください。');
  end;
end;

function Day(const Date: string): string;
begin
  if Length(Date) = 8 then
    Result := Copy(Date, 1, 4) + '-' + Copy(Date, 5, 2) + '-' + Copy(Date, 7, 2)
  else
    Result := Date;
end;

end.
