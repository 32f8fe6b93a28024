// 電文の木（TNode）。JSON も XML も同じ木にして、名前で読む。Delphi と Free Pascal の両方でコンパイルする。
unit OqsTree;

{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

interface

uses
  SysUtils, Classes, Contnrs;

type
  TNode = class;
  TNodes = array of TNode;

  TNode = class
  private
    FChildren: TObjectList;
  public
    Name, Content: string;
    constructor Create(const AName: string);
    destructor Destroy; override;
    function Add(const AName: string): TNode;
    function All(const Path: string): TNodes; // パス（A/B/C）にあるすべての要素
    function First(const Path: string): TNode; // 最初の要素。なければ nil
    function Text(const Path: string): string; // 最初の要素の値。前後の空白は取り除く。なければ空文字列
    function Results: TNodes; // 資格情報の一覧。1件でも複数件でも、ResultList の中でも直下（一括照会）でもよい
  end;

function Parse(const Data: TBytes): TNode; // 根の下に XmlMsg がある木。XML か JSON として読めなければ nil。呼び出し側が解放する

implementation

uses
  OqsCharset;

type
  EUnreadable = class(Exception);

  // 文字列を先頭から読み進める。
  TScanner = class
  private
    FText: string;
    FAt: Integer;
    function Peek: Char;
    procedure Skip(const Expected: string);
    function Upto(const Mark: string): string; // Mark の手前まで。Mark の次へ進む
    procedure SkipSpace;
    function JsonText: string;
    procedure JsonValue(Parent: TNode; const Name: string);
    procedure JsonObject(Parent: TNode);
    procedure XmlElement(Parent: TNode);
  end;

constructor TNode.Create(const AName: string);
begin
  inherited Create;
  Name := AName;
  FChildren := TObjectList.Create(True);
end;

destructor TNode.Destroy;
begin
  FChildren.Free;
  inherited;
end;

function TNode.Add(const AName: string): TNode;
begin
  Result := TNode.Create(AName);
  FChildren.Add(Result);
end;

procedure Append(var Nodes: TNodes; Node: TNode);
begin
  SetLength(Nodes, Length(Nodes) + 1);
  Nodes[High(Nodes)] := Node;
end;

function TNode.All(const Path: string): TNodes;
var
  Slash, I, J: Integer;
  Head: string;
  Deeper: TNodes;
begin
  Result := nil;
  Slash := Pos('/', Path);
  if Slash = 0 then
    Head := Path
  else
    Head := Copy(Path, 1, Slash - 1);
  for I := 0 to FChildren.Count - 1 do
    if TNode(FChildren[I]).Name = Head then
      if Slash = 0 then
        Append(Result, TNode(FChildren[I]))
      else
      begin
        Deeper := TNode(FChildren[I]).All(Copy(Path, Slash + 1, MaxInt));
        for J := 0 to High(Deeper) do
          Append(Result, Deeper[J]);
      end;
end;

function TNode.First(const Path: string): TNode;
var
  Found: TNodes;
begin
  Found := All(Path);
  if Found = nil then
    Result := nil
  else
    Result := Found[0];
end;

function TNode.Text(const Path: string): string;
var
  Found: TNode;
begin
  Found := First(Path);
  if Found = nil then
    Result := ''
  else
    Result := Trim(Found.Content);
end;

function TNode.Results: TNodes;
var
  Direct: TNodes;
  I: Integer;
begin
  Result := All('ResultList/ResultOfQualificationConfirmation');
  Direct := All('ResultOfQualificationConfirmation');
  for I := 0 to High(Direct) do
    Append(Result, Direct[I]);
end;

function TScanner.Peek: Char;
begin
  if FAt > Length(FText) then
    raise EUnreadable.Create('途中で終わっている');
  Result := FText[FAt];
end;

procedure TScanner.Skip(const Expected: string);
begin
  if Copy(FText, FAt, Length(Expected)) <> Expected then
    raise EUnreadable.Create(Expected + ' がない');
  Inc(FAt, Length(Expected));
end;

function TScanner.Upto(const Mark: string): string;
var
  Found: Integer;
begin
  Found := Pos(Mark, Copy(FText, FAt, MaxInt));
  if Found = 0 then
    raise EUnreadable.Create(Mark + ' がない');
  Result := Copy(FText, FAt, Found - 1);
  Inc(FAt, Found - 1 + Length(Mark));
end;

procedure TScanner.SkipSpace;
begin
  while (FAt <= Length(FText)) and (FText[FAt] <= ' ') do
    Inc(FAt);
end;

function TScanner.JsonText: string;
var
  C: Char;
begin
  Result := '';
  Skip('"');
  while Peek <> '"' do
  begin
    C := Peek;
    Inc(FAt);
    if C = '\' then
    begin
      C := Peek;
      Inc(FAt);
      case C of
        'n': C := #10;
        'r': C := #13;
        't': C := #9;
        'b': C := #8;
        'f': C := #12;
        'u':
          begin
            C := Char(StrToInt('$' + Copy(FText, FAt, 4)));
            Inc(FAt, 4);
          end;
      end;
    end;
    Result := Result + C;
  end;
  Skip('"');
end;

// 配列は同じ名前の要素の繰り返し。null の要素は、ないものとして扱う。
procedure TScanner.JsonValue(Parent: TNode; const Name: string);
var
  Literal: string;
begin
  SkipSpace;
  case Peek of
    '{':
      JsonObject(Parent.Add(Name));
    '"':
      Parent.Add(Name).Content := JsonText;
    '[':
      begin
        Skip('[');
        SkipSpace;
        while Peek <> ']' do
        begin
          JsonValue(Parent, Name);
          SkipSpace;
          if Peek = ',' then
            Skip(',');
          SkipSpace;
        end;
        Skip(']');
      end;
  else
    Literal := '';
    while not CharInSet(Peek, [',', '}', ']', #0 .. ' ']) do
    begin
      Literal := Literal + Peek;
      Inc(FAt);
    end;
    if Literal <> 'null' then
      Parent.Add(Name).Content := Literal;
  end;
end;

procedure TScanner.JsonObject(Parent: TNode);
var
  Name: string;
begin
  Skip('{');
  SkipSpace;
  while Peek <> '}' do
  begin
    Name := JsonText;
    SkipSpace;
    Skip(':');
    JsonValue(Parent, Name);
    SkipSpace;
    if Peek = ',' then
      Skip(',');
    SkipSpace;
  end;
  Skip('}');
end;

function WithoutPrefix(const Name: string): string;
begin
  Result := Copy(Name, Pos(':', Name) + 1, MaxInt);
end;

// &amp; や &#12354; を文字にする。
function WithoutReferences(const Written: string): string;
const
  Names: array [0 .. 4] of string = ('lt', 'gt', 'quot', 'apos', 'amp');
  Characters: array [0 .. 4] of string = ('<', '>', '"', '''', '&');
var
  At, Stop, Code, I: Integer;
  Name: string;
begin
  Result := '';
  At := 1;
  while At <= Length(Written) do
  begin
    if Written[At] <> '&' then
    begin
      Result := Result + Written[At];
      Inc(At);
      Continue;
    end;
    Stop := At + Pos(';', Copy(Written, At, 12)) - 1;
    if Stop < At then
      raise EUnreadable.Create('; がない');
    Name := Copy(Written, At + 1, Stop - At - 1);
    for I := 0 to High(Names) do
      if Name = Names[I] then
        Result := Result + Characters[I];
    if Copy(Name, 1, 1) = '#' then
    begin
      Code := StrToInt(StringReplace(Copy(Name, 2, 8), 'x', '$', []));
      if Code >= $10000 then
        Result := Result + Char($D800 + (Code - $10000) shr 10) + Char($DC00 + (Code - $10000) and $3FF)
      else
        Result := Result + Char(Code);
    end;
    At := Stop + 1;
  end;
end;

// 開始タグから終了タグまでを、Parent の子要素にする。属性は使わない。
procedure TScanner.XmlElement(Parent: TNode);
var
  Tag, Name: string;
  Stop: Integer;
  Node: TNode;
begin
  Skip('<');
  Tag := Upto('>');
  Stop := 1;
  while (Stop <= Length(Tag)) and not CharInSet(Tag[Stop], [#0 .. ' ', '/']) do
    Inc(Stop);
  Name := Copy(Tag, 1, Stop - 1);
  Node := Parent.Add(WithoutPrefix(Name));
  if Copy(Tag, Length(Tag), 1) = '/' then
    Exit;
  while Copy(FText, FAt, 2) <> '</' do
    if Copy(FText, FAt, 9) = '<![CDATA[' then
    begin
      Skip('<![CDATA[');
      Node.Content := Node.Content + Upto(']]>');
    end
    else if Copy(FText, FAt, 4) = '<!--' then
      Upto('-->')
    else if Copy(FText, FAt, 2) = '<?' then
      Upto('?>')
    else if Peek = '<' then
      XmlElement(Node)
    else
    begin
      Node.Content := Node.Content + WithoutReferences(Upto('<'));
      Dec(FAt);
    end;
  Skip('</' + Name);
  SkipSpace;
  Skip('>');
end;

function Parse(const Data: TBytes): TNode;
var
  Scanner: TScanner;
begin
  Result := TNode.Create('');
  Scanner := TScanner.Create;
  try
    try
      if not (DeclaresCp932(Data) or IsUtf8(Data)) then
        raise EUnreadable.Create('UTF-8 ではない');
      Scanner.FText := Trim(Decode(Data));
      Scanner.FAt := 1;
      if Copy(Scanner.FText, 1, 1) = '{' then
        Scanner.JsonObject(Result)
      else
      begin
        while (Copy(Scanner.FText, Scanner.FAt, 2) = '<?') or (Copy(Scanner.FText, Scanner.FAt, 4) = '<!--') do
        begin
          Scanner.Upto('>');
          Scanner.SkipSpace;
        end;
        Scanner.XmlElement(Result);
      end;
    except
      on Error: Exception do
      begin
        if not ((Error is EUnreadable) or (Error is EConvertError) or (Error is EEncodingError)) then
          raise;
        FreeAndNil(Result);
      end;
    end;
  finally
    Scanner.Free;
  end;
end;

end.
