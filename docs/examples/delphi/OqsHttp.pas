// HTTP の層とのインターフェース。実装はコンパイラーごとに1つ：OqsHttpFpc、OqsHttpDelphi、OqsHttpIndy。
unit OqsHttp;

{$IFDEF FPC}{$MODE DELPHIUNICODE}{$CODEPAGE UTF8}{$ENDIF}

interface

uses
  SysUtils;

type
  THttpAnswer = record
    Status: Integer;
    RetryAfter: Integer; // Retry-After の秒数。なければ 0
    Body: TBytes;
    Failure: string; // 応答がなければ、その理由
    CertificateFailed: Boolean; // サーバーの証明書を検証できなかった
  end;

  IHttp = interface
    // Token が空でなければ、Authorization にそのまま（Bearer を付けずに）送る。
    function Post(const Url, Token: string; const Body: TBytes): THttpAnswer;
  end;

implementation

end.
