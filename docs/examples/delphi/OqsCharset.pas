// 文字コード：UTF-8 と CP932（Windows の Shift_JIS）。
unit OqsCharset;

{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

interface

uses
  SysUtils;

function IsUtf8(const Data: TBytes): Boolean;
function DeclaresCp932(const Data: TBytes): Boolean;
function Decode(const Data: TBytes): string; // Shift_JIS を名乗るか、UTF-8 として正しくなければ CP932 とみなす
function Encode(const Text, Charset: string): TBytes; // CP932 にない文字は &#番号; になる

implementation

function Cp932: TEncoding;
begin
  Result := TEncoding.GetEncoding(932);
end;

function InCp932(const Data: TBytes): string;
var
  Encoding: TEncoding;
begin
  Encoding := Cp932;
  try
    Result := Encoding.GetString(Data);
  finally
    Encoding.Free;
  end;
end;

// UTF-8 として正しいバイト列か。
function IsUtf8(const Data: TBytes): Boolean;
var
  At, Following: Integer;
begin
  At := 0;
  Result := True;
  while Result and (At < Length(Data)) do
  begin
    case Data[At] of
      $00 .. $7F: Following := 0;
      $C2 .. $DF: Following := 1;
      $E0 .. $EF: Following := 2;
      $F0 .. $F4: Following := 3;
    else
      Following := Length(Data);
    end;
    Result := At + Following < Length(Data);
    Inc(At);
    while Result and (Following > 0) do
    begin
      Result := Data[At] and $C0 = $80;
      Inc(At);
      Dec(Following);
    end;
  end;
end;

// XML 宣言が Shift_JIS を名乗っているか。
function DeclaresCp932(const Data: TBytes): Boolean;
var
  Head: string;
  I: Integer;
begin
  Head := '';
  for I := 0 to Length(Data) - 1 do
    if I < 100 then
      Head := Head + Char(Data[I]);
  Head := LowerCase(Copy(Head, 1, Pos('?>', Head)));
  Result := (Pos('shift_jis', Head) > 0) or (Pos('windows-31j', Head) > 0);
end;

function Decode(const Data: TBytes): string;
begin
  if DeclaresCp932(Data) or not IsUtf8(Data) then
    Result := InCp932(Data)
  else
    Result := TEncoding.UTF8.GetString(Data);
  if Copy(Result, 1, 1) = #$FEFF then
    Delete(Result, 1, 1);
end;

// CP932 にない文字（書いて読み直すと別の文字になるもの）を &#番号; にする。
function WithReferences(const Text: string; Encoding: TEncoding): string;
var
  At, Code: Integer;
  Character: string;
begin
  Result := '';
  At := 1;
  while At <= Length(Text) do
  begin
    Character := Text[At];
    Code := Ord(Text[At]);
    if (Code >= $D800) and (Code < $DC00) and (At < Length(Text)) then
    begin
      Code := $10000 + (Code - $D800) shl 10 + Ord(Text[At + 1]) - $DC00;
      Character := Copy(Text, At, 2);
    end;
    Inc(At, Length(Character));
    if (Code < 128) or (Encoding.GetString(Encoding.GetBytes(Character)) = Character) then
      Result := Result + Character
    else
      Result := Result + '&#' + IntToStr(Code) + ';';
  end;
end;

function Encode(const Text, Charset: string): TBytes;
var
  Encoding: TEncoding;
begin
  if Charset <> 'shift_jis' then
    Exit(TEncoding.UTF8.GetBytes(Text));
  Encoding := Cp932;
  try
    Result := Encoding.GetBytes(WithReferences(Text, Encoding));
  finally
    Encoding.Free;
  end;
end;

end.
