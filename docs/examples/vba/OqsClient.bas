Attribute VB_Name = "OqsClient"
' 資格確認のクライアントの例（Excel、Access の VBA）。使い方は docs/sample-clients.ja.md。このリポジトリでは実行していない。
' CheckByWeb、CheckByFolder、CheckInBulk を、ボタンやイミディエイト ウィンドウから呼び出す。
' HTTPS は WinHTTP で、Windows の証明書ストアにある CA を信頼する（onshi-mock certs trust、または certutil -user -addstore Root certs\ca.pem）。
Option Explicit

Private Const LOGIN_PATH As String = "/oqs-api-pro/MSA12020/ILI12020SV01/auth"
Private Const SEARCH_PATH As String = "/oqs-api-pro/MSA01030/ILI01030SV01/search"

' 設定
Private Const BASE_URL As String = "https://localhost:8443"
Private Const INSTITUTION As String = "9910000026"
Private Const LOGIN_USER As String = "9910000026"
Private Const LOGIN_PASSWORD As String = "onshi-mock" ' 照合するのは、模擬サーバーを --login strict で起動したときだけ
Private Const FOLDER As String = "C:\OQS" ' req と res のあるフォルダー
Private Const CHECK_DATE As String = "" ' 資格確認日 YYYYMMDD。空なら今日。医療機関の時計の日付に合わせる
Private Const CHARSET As String = "utf-8" ' 要求ファイルの文字コード：utf-8 または shift_jis
Private Const TIMEOUT_SECONDS As Long = 30 ' 応答を待つ秒数
Private Const INTERVAL_SECONDS As Long = 10 ' 同じ照会を次に送るまでの最短の秒数

Private Enum Inquiry
    iqWeb
    iqFolder
    iqBulk
    iqFetch
End Enum

#If VBA7 Then
Private Declare PtrSafe Sub Sleep Lib "kernel32" (ByVal milliseconds As Long)
#Else
Private Declare Sub Sleep Lib "kernel32" (ByVal milliseconds As Long)
#End If

Private token As String

' 例の患者。製品では、受付の画面や表から作る。
Private Function Patients() As Collection
    Set Patients = New Collection
    Patients.Add Array("01990019", "11010203", "1001", "01", "19800517")
End Function

Public Sub CheckByWeb()
    CheckEach iqWeb
End Sub

Public Sub CheckByFolder()
    CheckEach iqFolder
End Sub

Private Sub CheckEach(ByVal kind As Inquiry)
    Dim person As Variant, persons As Collection, answer As TAnswer
    For Each person In Patients()
        Set persons = New Collection
        persons.Add person
        If Not Confirm(kind, "【資格確認】" & NameOf(person), persons, "", answer) Then Debug.Print "結果がないまま、次の患者に進みました。"
    Next
End Sub

' 一括照会：OQSmuquc01 で依頼し、受付番号で OQSmuquc02 の結果を受け取る。
Public Sub CheckInBulk()
    Dim persons As Collection, answer As TAnswer, number As String, unit As Object, decided As TOutcome, person(4) As Variant, i As Long
    Set persons = Patients()
    If Not Confirm(iqBulk, "【一括照会】" & persons.Count & " 件", persons, "", answer) Then Exit Sub
    number = TextOf(answer.Message, "MessageBody/ReceptionNumber")
    If number = "" Then number = TextOf(answer.Message, "MessageHeader/ReceptionNumber")
    If Not Confirm(iqFetch, "【一括照会の結果】受付番号 " & number, persons, number, answer) Then Exit Sub
    For Each unit In answer.Message.selectNodes("MessageBody/BulkConfirmUnit")
        For i = 0 To 4
            person(i) = TextOf(unit, "QualificationConfirmSearchInfo/" & PersonElements()(i))
        Next
        decided = DecideBody(unit, False)
        MsgBox decided.Lines, vbInformation, "【資格確認】" & NameOf(person)
    Next
End Sub

' 結果が得られるか、職員が次に進むまで、同じ照会を繰り返す。得られた応答を answer に入れる。
Private Function Confirm(ByVal kind As Inquiry, ByVal heading As String, ByVal persons As Collection, ByVal number As String, ByRef answer As TAnswer) As Boolean
    Dim decided As TOutcome, restarted As Boolean, loggedInAgain As Boolean, sent As Date, seconds As Long
    Do
        sent = Now
        answer = Send(kind, persons, number)
        If kind = iqBulk Or kind = iqFetch Then decided = DecideHeader(answer, restarted) Else decided = Decide(answer, restarted)
        If decided.Action = acLogIn And Not loggedInAgain Then
            loggedInAgain = True
            token = ""
        Else
            If decided.Keep Then KeepAnswer answer.Raw
            Select Case decided.Action
                Case acResult, acTakeOver, acShowResult
                    If decided.Lines <> "" Then MsgBox decided.Lines, vbInformation, heading
                    Confirm = True
                    Exit Function
                Case acCorrect
                    MsgBox decided.Lines, vbExclamation, heading
                    Exit Function
            End Select
            If MsgBox(decided.Lines & vbCrLf & vbCrLf & IIf(decided.AsksRestart, "再起動が終わったら「はい」を押してください。同じ照会をもう一度行います。", "同じ照会をもう一度行いますか。"), vbYesNo + vbExclamation, heading) = vbNo Then Exit Function
            restarted = restarted Or decided.AsksRestart
            token = "" ' やり直すときは、ログインからやり直す。トークンの期限切れが、401 でなくエラーの電文で届くこともある
            seconds = INTERVAL_SECONDS
            If answer.RetryAfter > seconds Then seconds = answer.RetryAfter
            Do While Now < DateAdd("s", seconds, sent)
                DoEvents
                Sleep 200
            Loop
        End If
    Loop
End Function

Private Function Send(ByVal kind As Inquiry, ByVal persons As Collection, ByVal number As String) As TAnswer
    Dim tail As String, day_ As String
    tail = Format$(Now, "yyyymmddhhnnss") & Format$((Timer * 1000) Mod 1000, "000")
    day_ = IIf(CHECK_DATE = "", Format$(Date, "yyyymmdd"), CHECK_DATE)
    Select Case kind
        Case iqWeb: Send = CheckWeb(day_, persons(1))
        Case iqFolder: Send = SendFile("OQSsiquc01", tail, CheckXml(INSTITUTION, day_, tail, persons, CHARSET))
        Case iqBulk: Send = SendFile("OQSmuquc01", tail, CheckXml(INSTITUTION, day_, tail, persons, CHARSET))
        Case iqFetch: Send = SendFile("OQSmuquc02", tail, FetchXml(INSTITUTION, number, CHARSET))
    End Select
End Function

' Web API。トークンは、期限が切れたと言われるまで使い続ける。
Private Function CheckWeb(ByVal day_ As String, ByVal person As Variant) As TAnswer
    Dim login As TAnswer
    If token = "" Then
        login = Post(LOGIN_PATH, "{""userId"":" & JsonString(LOGIN_USER) & ",""password"":" & JsonString(LOGIN_PASSWORD) & "}")
        login.Login = True
        token = LoginText(login.Raw, "idToken")
        If token = "" Then
            CheckWeb = login
            Exit Function
        End If
    End If
    CheckWeb = Post(SEARCH_PATH, CheckJson(INSTITUTION, day_, person))
End Function

Private Function Post(ByVal path As String, ByVal body As String) As TAnswer
    Dim http As Object, answer As TAnswer
    Set http = CreateObject("WinHttp.WinHttpRequest.5.1")
    On Error GoTo Failed
    http.Option(9) = &H800 ' WinHttpRequestOption_SecureProtocols：TLS 1.2
    http.SetTimeouts TIMEOUT_SECONDS * 1000, TIMEOUT_SECONDS * 1000, TIMEOUT_SECONDS * 1000, TIMEOUT_SECONDS * 1000
    http.Open "POST", IIf(Right$(BASE_URL, 1) = "/", Left$(BASE_URL, Len(BASE_URL) - 1), BASE_URL) & path, False
    http.SetRequestHeader "Content-Type", "application/json;charset=UTF-8"
    http.SetRequestHeader "Accept", "application/json"
    If token <> "" Then http.SetRequestHeader "Authorization", token ' Bearer は付けない
    http.Send ToBytes(body, "utf-8")
    answer.Status = http.Status
    answer.Raw = FromBytes(http.ResponseBody, "utf-8")
    Set answer.Message = Parse(answer.Raw)
    On Error Resume Next ' Retry-After がなければ、エラーになる
    answer.RetryAfter = Val(http.GetResponseHeader("Retry-After"))
    Post = answer
    Exit Function
Failed:
    If Err.Number = &H80072F8F Or Err.Number = &H80072F0D Or Err.Number = &H80072F06 Then
        answer.NoAnswer = "サーバーの証明書を検証できません（" & Err.Description & "）。CA を Windows の証明書ストアに取り込んだか確認してください"
    Else
        answer.NoAnswer = BASE_URL & " と通信できません（" & Err.Description & "）。サーバーと、設定の BASE_URL を確認してください"
    End If
    Post = answer
End Function

' 連携フォルダー。req に置き、res を待つ。
Private Function SendFile(ByVal kind As String, ByVal tail As String, ByVal content As String) As TAnswer
    Dim answer As TAnswer, request As String, refused As String, result As String, waitUntil As Date
    request = FOLDER & "\req\" & kind & "req_" & tail
    refused = FOLDER & "\res\" & kind & "req_" & tail
    result = FOLDER & "\res\" & kind & "res_" & tail & ".xml"
    answer.Status = 200
    On Error GoTo Failed
    WriteBytes request & ".tmp", ToBytes(content, CHARSET) ' 書き終えてから .xml にする
    Name request & ".tmp" As request & ".xml"
    waitUntil = DateAdd("s", TIMEOUT_SECONDS, Now)
    Do While Now < waitUntil
        If Dir$(refused & ".xml") <> "" And Dir$(refused & ".err") <> "" Then
            answer.ErrText = ReadFile(refused & ".err")
            SendFile = answer
            Exit Function
        End If
        If Dir$(result) <> "" Then answer.Raw = ReadFile(result)
        If Right$(Replace(Replace(answer.Raw, vbCr, ""), vbLf, ""), 9) = "</XmlMsg>" Then ' 書きかけのファイルは読まない
            Set answer.Message = Parse(answer.Raw)
            SendFile = answer
            Exit Function
        End If
        DoEvents
        Sleep 300
    Loop
    If answer.Raw = "" Then
        answer.NoAnswer = "応答ファイルが出力されません"
        If Dir$(request & ".xml") <> "" Then
            Kill request & ".xml" ' 後から処理されないよう、取り下げる
            answer.NoAnswer = "要求ファイルが受け取られません。端末の電源と連携アプリケーション、設定の FOLDER を確認してください"
        End If
    End If
    SendFile = answer
    Exit Function
Failed:
    answer.NoAnswer = "連携フォルダー " & FOLDER & " を読み書きできません（" & Err.Description & "）。req と res のあるフォルダーか、共有フォルダーの接続を確認してください"
    SendFile = answer
End Function

Private Sub KeepAnswer(ByVal raw As String)
    Dim path As String
    path = Environ$("TEMP") & "\answer-" & Format$(Now, "yyyymmddhhnnss") & ".txt"
    WriteBytes path, ToBytes(raw, "utf-8")
    MsgBox "応答をファイル " & path & " に保存しました。プログラムの保守担当者に渡してください。", vbInformation
End Sub

Private Function NameOf(ByVal person As Variant) As String
    Dim i As Long, labels As Variant, told As String
    labels = Array("保険者番号", "記号", "番号", "枝番", "生年月日")
    For i = 0 To 4
        If person(i) <> "" Then told = told & IIf(told = "", "", "　") & labels(i) & " " & IIf(i = 4, Day_(person(i)), person(i))
    Next
    NameOf = told
End Function

' XML 宣言に従って文字列にする。宣言のないファイル（.err）は UTF-8 とみなし、読めない文字があれば Shift_JIS とみなす。
Private Function ReadFile(ByVal path As String) As String
    Dim stream As Object, bytes As Variant, head As String
    Set stream = CreateObject("ADODB.Stream")
    stream.Type = 1
    stream.Open
    stream.LoadFromFile path
    bytes = stream.Read
    stream.Close
    If IsNull(bytes) Then Exit Function
    ReadFile = FromBytes(bytes, "utf-8")
    head = LCase$(Left$(ReadFile, 100))
    If InStr(head, "shift_jis") > 0 Or InStr(ReadFile, ChrW$(&HFFFD)) > 0 Then ReadFile = FromBytes(bytes, "shift_jis")
End Function

Private Function FromBytes(ByVal bytes As Variant, ByVal charset_ As String) As String
    Dim stream As Object
    Set stream = CreateObject("ADODB.Stream")
    stream.Type = 1
    stream.Open
    stream.Write bytes
    stream.Position = 0
    stream.Type = 2
    stream.Charset = charset_
    FromBytes = stream.ReadText
    stream.Close
End Function

' ADODB.Stream の UTF-8 は先頭に BOM を付けるので、取り除く。
Private Function ToBytes(ByVal text As String, ByVal charset_ As String) As Variant
    Dim stream As Object
    Set stream = CreateObject("ADODB.Stream")
    stream.Type = 2
    stream.Charset = charset_
    stream.Open
    stream.WriteText text
    stream.Position = 0
    stream.Type = 1
    If charset_ = "utf-8" Then stream.Position = 3
    ToBytes = stream.Read
    stream.Close
End Function

Private Sub WriteBytes(ByVal path As String, ByVal bytes As Variant)
    Dim stream As Object
    Set stream = CreateObject("ADODB.Stream")
    stream.Type = 1
    stream.Open
    stream.Write bytes
    stream.SaveToFile path, 2
    stream.Close
End Sub
