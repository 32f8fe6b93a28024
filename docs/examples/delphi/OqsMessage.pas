// 要求の電文を書く。
unit OqsMessage;

{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

interface

uses
  SysUtils, OqsTree;

type
  TPerson = array [0 .. 4] of string; // 値の順は PersonElements
  TPersons = array of TPerson;

const
  // 患者1人の検索条件。設定ファイルの person= の並び順でもある。
  PersonElements: array [0 .. 4] of string =
    ('InsurerNumber', 'InsuredCardSymbol', 'InsuredIdentificationNumber', 'InsuredBranchNumber', 'Birthdate');

function JsonString(const Value: string): string;
function CheckJson(const Institution, Date: string; const Person: TPerson): string;
function CheckXml(const Institution, Date, Identifier: string; const Persons: TPersons; const Charset: string): TBytes;
function FetchXml(const Institution, Number, Charset: string): TBytes;
function PersonOf(Bulk: TNode): TPerson;

implementation

uses
  OqsCharset;

const
  Consent = 'LimitApplicationCertificateRelatedConsFlg';

function JsonString(const Value: string): string;
var
  I: Integer;
begin
  Result := '"';
  for I := 1 to Length(Value) do
    if CharInSet(Value[I], ['"', '\']) then
      Result := Result + '\' + Value[I]
    else if Value[I] < ' ' then
      Result := Result + '\u' + IntToHex(Ord(Value[I]), 4)
    else
      Result := Result + Value[I];
  Result := Result + '"';
end;

function CheckJson(const Institution, Date: string; const Person: TPerson): string;
var
  I: Integer;
  Card: string;
begin
  Card := '';
  for I := 0 to High(Person) do
    if Person[I] <> '' then
      Card := Card + JsonString(PersonElements[I]) + ':' + JsonString(Person[I]) + ',';
  Result := '{"XmlMsg":{"MessageHeader":{"QualificationConfirmationDate":' + JsonString(Date) + ',"MedicalInstitutionCode":' +
    JsonString(Institution) + '},"MessageBody":{"QualificationConfirmSearchInfo":{' + Card + '"' + Consent + '":"0"}}}}';
end;

function Element(const Name, Value: string): string;
begin
  Result := '<' + Name + '>' + StringReplace(StringReplace(Value, '&', '&amp;', [rfReplaceAll]), '<', '&lt;', [rfReplaceAll]) + '</' + Name + '>';
end;

function Xml(const Header, Body, Charset: string): TBytes;
var
  Name: string;
begin
  Name := 'UTF-8';
  if Charset = 'shift_jis' then
    Name := 'Shift_JIS';
  Result := Encode('<?xml version="1.0" encoding="' + Name + '" standalone="no"?>'#10 +
    '<XmlMsg><MessageHeader>' + Header + '</MessageHeader><MessageBody>' + Body + '</MessageBody></XmlMsg>', Charset);
end;

function CheckXml(const Institution, Date, Identifier: string; const Persons: TPersons; const Charset: string): TBytes;
var
  Header, Body: string;
  I, J: Integer;
begin
  Header := Element('QualificationConfirmationDate', Date) + Element('MedicalInstitutionCode', Institution) + Element('ArbitraryFileIdentifier', Identifier);
  Body := '';
  for I := 0 to High(Persons) do
  begin
    Body := Body + '<QualificationConfirmSearchInfo>';
    for J := 0 to High(Persons[I]) do
      if Persons[I][J] <> '' then
        Body := Body + Element(PersonElements[J], Persons[I][J]);
    Body := Body + Element(Consent, '0') + '</QualificationConfirmSearchInfo>';
  end;
  Result := Xml(Header, Body, Charset);
end;

function FetchXml(const Institution, Number, Charset: string): TBytes;
begin
  Result := Xml(Element('MedicalInstitutionCode', Institution), Element('ReceptionNumber', Number), Charset);
end;

function PersonOf(Bulk: TNode): TPerson;
var
  I: Integer;
begin
  for I := 0 to High(Result) do
    Result[I] := Bulk.Text('QualificationConfirmSearchInfo/' + PersonElements[I]);
end;

end.
