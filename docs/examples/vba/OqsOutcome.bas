Attribute VB_Name = "OqsOutcome"
' 届いたものから、すべきことと表示することを決める。docs/answers.ja.md の「判断の表」のとおりで、Row はその行番号。
Option Explicit

' すべきこと
Public Enum OqsAction
    acResult ' 決めることはまだない（DecideHeader：電文の本体まで読み進めてよい）
    acTakeOver ' 資格情報を取り込む
    acShowResult ' 結果を表示する（取り込むものはない）
    acRepeat ' 職員の操作で、同じ患者の資格確認をもう一度行う
    acAskLater ' 処理中。しばらく待って、もう一度照会する
    acLogIn ' 1回だけログインし直して、同じ資格確認を行う
    acCorrect ' 要求ファイルの誤り。同じファイルを送り直さない
End Enum

' 届いたもの
Public Type TAnswer
    NoAnswer As String ' 何も届かなかった理由
    Status As Long ' HTTP ステータス。連携フォルダーでは 200
    RetryAfter As Long ' Retry-After の秒数
    ErrText As String ' .err ファイルの内容
    Message As Object ' 電文の木。読めなければ Nothing
    Raw As String ' 届いた文字列
    Login As Boolean ' ログインへの応答か
End Type

Public Type TOutcome
    Row As Long
    Action As OqsAction
    Lines As String ' 画面に表示する文（改行で区切る）
    AsksRestart As Boolean ' 端末の再起動を求められた
    Keep As Boolean ' 応答を、保守担当者のために残す
End Type

' restarted は、再起動を求めるエラーの後に、職員がやり直しの操作をしたかどうか。
Public Function Decide(ByRef answer As TAnswer, ByVal restarted As Boolean) As TOutcome
    Dim decided As TOutcome
    decided = DecideHeader(answer, restarted)
    If decided.Action = acResult Then decided = DecideBody(answer.Message.selectSingleNode("MessageBody"), restarted)
    Decide = decided
End Function

' 行1～5
Public Function DecideHeader(ByRef answer As TAnswer, ByVal restarted As Boolean) As TOutcome
    Dim segment As String
    segment = TextOf(answer.Message, "MessageHeader/SegmentOfResult")
    If answer.NoAnswer <> "" Then
        DecideHeader = Unknown(1, "応答がありません：" & answer.NoAnswer)
    ElseIf answer.Status = 401 And Not answer.Login Then
        DecideHeader = OutcomeOf(2, acLogIn, "資格確認ができませんでした。HTTP ステータス 401", ErrorOf(answer.Message, "MessageHeader/Error"))
    ElseIf answer.Status <> 200 And answer.Message Is Nothing Then
        DecideHeader = OtherStatus(answer)
    ElseIf answer.ErrText <> "" Then
        DecideHeader = OutcomeOf(3, acCorrect, "要求ファイルを読み取れないという応答（.err）が届きました。", answer.ErrText, _
            "同じファイルは送り直しません。この内容を、プログラムの保守担当者に伝えてください。")
    ElseIf segment = "9" Then
        DecideHeader = Refused(4, ErrorOf(answer.Message, "MessageHeader/Error"), restarted)
    ElseIf segment = "2" Then
        DecideHeader = OutcomeOf(5, acAskLater, "処理中です。しばらく待って、もう一度照会してください。")
    ElseIf segment <> "1" Then
        DecideHeader = Unknown(14, "応答を読み取れません")
    ElseIf answer.Message.selectSingleNode("MessageBody") Is Nothing Then
        DecideHeader = Unknown(14, "応答を読み取れません")
    End If
End Function

' 行6～14。body は MessageBody、または一括照会の1人分（BulkConfirmUnit）。
Public Function DecideBody(ByVal body As Object, ByVal restarted As Boolean) As TOutcome
    Dim status As String, validity As Long, note As String
    status = TextOf(body, "ProcessingResultStatus")
    validity = Val(TextOf(body, "QualificationValidity"))
    note = ErrorOf(body, "ProcessingResult")
    If status = "2" Then
        DecideBody = Refused(6, note, restarted)
        Exit Function
    End If
    If status <> "1" Or validity < 1 Or validity > 6 Then
        DecideBody = Unknown(14, "応答を読み取れません")
        Exit Function
    End If
    If note <> "" Then note = "注記：" & note
    DecideBody = OutcomeOf(Array(8, 10, 11, 12, 13, 9)(validity - 1), IIf(validity = 1 Or validity = 6, acTakeOver, acShowResult), note, _
        "資格確認の結果：" & Array("有効", "無効", "無効（新しい資格あり）", "該当資格なし", "複数該当", "有効（未登録）")(validity - 1), _
        Qualifications(body, validity), _
        Array("", "新しい資格の提示をお願いしてください。", _
            "新しい資格があります（その内容は、この応答にはありません）。" & vbCrLf & "新しい資格の提示をお願いしてください。", _
            "保険者番号・記号・番号・枝番・生年月日を照合し、もう一度資格確認を行ってください。", _
            "枝番を確認し、枝番を付けて資格確認を行ってください。", "")(validity - 1))
End Function

Private Function Qualifications(ByVal body As Object, ByVal validity As Long) As String
    Dim one As Object, line As String
    Dim lines As String
    For Each one In ResultsOf(body)
        If validity = 2 Or validity = 3 Then
            line = "資格喪失日 " & Day_(TextOf(one, "DisqualificationDate")) & "　喪失事由 " & ReasonOf(TextOf(one, "ReasonOfLoss"))
        Else
            line = "取り込む資格情報：" & Qualification(one)
        End If
        lines = lines & IIf(lines = "", "", vbCrLf) & line
    Next
    Qualifications = lines
End Function

Private Function Refused(ByVal row As Long, ByVal said As String, ByVal restarted As Boolean) As TOutcome
    Dim asks As Boolean, refusal As TOutcome
    asks = AsksForRestart(said)
    refusal = OutcomeOf(row, acRepeat, "資格確認ができませんでした。", said, _
        IIf(asks, "資格確認端末を再起動してください。終わったら、同じ患者の資格確認をもう一度行います。", ""), _
        IIf(restarted, "再起動してもエラーが続く場合は、コールセンター（0800-080-4583）に連絡し、その間は KB0011769#B の方法" & _
            "（マイナポータルの資格情報の画面、資格情報のお知らせ、資格確認書など）で資格を確認してください。", ""))
    refusal.AsksRestart = asks
    Refused = refusal
End Function

Private Function OtherStatus(ByRef answer As TAnswer) As TOutcome
    Dim advice As String, said As String
    If answer.Login And answer.Status < 404 Then
        advice = "ログインができません。設定の user と password を確認してください。"
    ElseIf answer.RetryAfter > 0 Then
        advice = "今は応答できないと返されました。" & answer.RetryAfter & " 秒以上待って、もう一度資格確認を行ってください。"
    ElseIf answer.Status >= 500 Then
        advice = "今は応答できないと返されました。しばらく待って、もう一度資格確認を行ってください。"
    Else
        advice = "要求に誤りがあります。プログラムの保守担当者に連絡してください。"
    End If
    ' ログインのエラーは電文ではなく、{"status": コード, "msg": メッセージ}。
    If answer.Login Then said = Trim$(LoginText(answer.Raw, "status") & " " & LoginText(answer.Raw, "msg"))
    OtherStatus = OutcomeOf(2, acRepeat, "資格確認ができませんでした。HTTP ステータス " & answer.Status, said, advice)
End Function

Private Function Unknown(ByVal row As Long, ByVal why As String) As TOutcome
    Dim decided As TOutcome
    decided = OutcomeOf(row, acRepeat, "資格確認ができませんでした。" & why, _
        "資格確認端末と回線が動いているか、端末が再起動されているかを確認し、もう一度資格確認を行ってください。")
    decided.Keep = (row = 14)
    Unknown = decided
End Function

Private Function OutcomeOf(ByVal row As Long, ByVal action As OqsAction, ParamArray lines() As Variant) As TOutcome
    Dim made As TOutcome, line As Variant
    made.Row = row
    made.Action = action
    For Each line In lines
        If line <> "" Then made.Lines = made.Lines & IIf(made.Lines = "", "", vbCrLf) & line
    Next
    OutcomeOf = made
End Function

' コードとメッセージを、届いたとおりに。
Private Function ErrorOf(ByVal node As Object, ByVal prefix As String) As String
    ErrorOf = Trim$(TextOf(node, prefix & "Code") & " " & TextOf(node, prefix & "Message"))
End Function

' 再起動を求める文があるか。エラーのコードは公開されていないので、文言で判断する。
Public Function AsksForRestart(ByVal said As String) As Boolean
    Dim sentence As Variant
    For Each sentence In Split(said, "。")
        If Has(sentence, "再起動", "再立ち上げ", "立ち上げ直", "リブート") And Has(sentence, "ください", "必要", "お願い") And _
            Not Has(sentence, "再起動しても", "再起動後も", "再起動しない", "再起動せず", "不要", "必要ありません", "必要はありません") Then AsksForRestart = True
    Next
End Function

Private Function Has(ByVal sentence As String, ParamArray words() As Variant) As Boolean
    Dim word As Variant
    For Each word In words
        If InStr(sentence, word) > 0 Then Has = True
    Next
End Function

Private Function Qualification(ByVal one As Object) As String
    Dim i As Long, labels As Variant, value As String, told As String
    labels = Array("保険者番号", "記号", "番号", "枝番")
    told = TextOf(one, "Name")
    For i = 0 To 3
        value = TextOf(one, PersonElements()(i))
        If value <> "" Then told = told & "　" & labels(i) & " " & value
    Next
    Qualification = told
End Function

Private Function ReasonOf(ByVal code As String) As String
    Select Case code
        Case "01": ReasonOf = "死亡"
        Case "02": ReasonOf = "生活保護受給開始"
        Case "03": ReasonOf = "医療保険等の資格取得"
        Case "99": ReasonOf = "その他"
        Case Else: ReasonOf = code
    End Select
End Function

' YYYYMMDD を YYYY-MM-DD に。
Public Function Day_(ByVal value As String) As String
    Day_ = value
    If Len(value) = 8 Then Day_ = Left$(value, 4) & "-" & Mid$(value, 5, 2) & "-" & Right$(value, 2)
End Function
