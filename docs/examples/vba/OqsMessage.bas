Attribute VB_Name = "OqsMessage"
' 電文の読み書き。JSON も XML も同じ木（MSXML の DOM）にして、名前で読む。
Option Explicit

Private Const CONSENT As String = "LimitApplicationCertificateRelatedConsFlg"
Private json As String
Private at As Long

' 患者1人の検索条件。シート「患者」の列の並び順でもある。
Public Function PersonElements() As Variant
    PersonElements = Array("InsurerNumber", "InsuredCardSymbol", "InsuredIdentificationNumber", "InsuredBranchNumber", "Birthdate")
End Function

' 最初に見つかった要素の値。前後の空白（保険者番号の左の空白など）は取り除く。要素がなければ空文字列。
Public Function TextOf(ByVal node As Object, ByVal path As String) As String
    Dim found As Object
    If node Is Nothing Then Exit Function
    Set found = node.selectSingleNode(path)
    If Not found Is Nothing Then TextOf = Trim$(found.Text)
End Function

' 資格情報の一覧。1件でも複数件でも、ResultList の中でも直下（一括照会）でもよい。
Public Function ResultsOf(ByVal body As Object) As Object
    Set ResultsOf = body.selectNodes("ResultList/ResultOfQualificationConfirmation | ResultOfQualificationConfirmation")
End Function

' 届いた文字列を木にする。XML か JSON の電文として読めなければ Nothing。
Public Function Parse(ByVal text As String) As Object
    Dim document As Object, root As Object
    Set document = CreateObject("MSXML2.DOMDocument.6.0")
    document.async = False
    document.preserveWhiteSpace = True
    text = Trim$(Replace(text, ChrW$(&HFEFF), ""))
    On Error GoTo Unreadable
    If Left$(text, 1) = "{" Then
        Set root = document.appendChild(document.createElement("root"))
        json = text
        at = 1
        ReadObject root
        Set Parse = root.selectSingleNode("XmlMsg")
    Else
        ' 文字コードはすでに直してあるので、XML 宣言は取り除く。
        If Left$(text, 5) = "<?xml" Then text = Mid$(text, InStr(text, "?>") + 2)
        If document.loadXML(text) Then Set Parse = document.selectSingleNode("/XmlMsg")
    End If
    Exit Function
Unreadable:
    Set Parse = Nothing
End Function

' JSON の各項目を子要素にする。配列は同じ名前の要素の繰り返し。null の要素は、ないものとして扱う。
Private Sub ReadObject(ByVal parent As Object)
    Dim name As String
    Expect "{"
    Do While NextMark() <> "}"
        name = ReadText()
        Expect ":"
        ReadValue parent, name
        If NextMark() = "," Then at = at + 1
    Loop
    at = at + 1
End Sub

Private Sub ReadValue(ByVal parent As Object, ByVal name As String)
    Dim literal As String
    Select Case NextMark()
        Case "{"
            ReadObject parent.appendChild(parent.ownerDocument.createElement(name))
        Case """"
            parent.appendChild(parent.ownerDocument.createElement(name)).Text = ReadText()
        Case "["
            at = at + 1
            Do While NextMark() <> "]"
                ReadValue parent, name
                If NextMark() = "," Then at = at + 1
            Loop
            at = at + 1
        Case Else
            Do While InStr(",]}", NextMark()) = 0
                literal = literal & Mid$(json, at, 1)
                at = at + 1
            Loop
            If literal <> "null" Then parent.appendChild(parent.ownerDocument.createElement(name)).Text = literal
    End Select
End Sub

Private Function ReadText() As String
    Dim c As String, told As String
    Expect """"
    Do
        c = Mid$(json, at, 1)
        If c = "" Then Err.Raise vbObjectError + 1, , "JSON が途中で終わっている"
        at = at + 1
        If c = """" Then Exit Do
        If c = "\" Then
            c = Mid$(json, at, 1)
            at = at + 1
            Select Case c
                Case "n": c = vbLf
                Case "r": c = vbCr
                Case "t": c = vbTab
                Case "b": c = ChrW$(8)
                Case "f": c = ChrW$(12)
                Case "u"
                    c = ChrW$(CLng("&H" & Mid$(json, at, 4)))
                    at = at + 4
            End Select
        End If
        told = told & c
    Loop
    ReadText = told
End Function

' 空白を飛ばした次の1文字
Private Function NextMark() As String
    Do While at <= Len(json) And Mid$(json, at, 1) <= " "
        at = at + 1
    Loop
    If at > Len(json) Then Err.Raise vbObjectError + 1, , "JSON が途中で終わっている"
    NextMark = Mid$(json, at, 1)
End Function

Private Sub Expect(ByVal mark As String)
    If NextMark() <> mark Then Err.Raise vbObjectError + 1, , mark & " がない"
    at = at + 1
End Sub

' ログインの応答（電文ではない JSON）にある値。なければ空文字列。引用符の間を取り出す。
Public Function LoginText(ByVal raw As String, ByVal name As String) As String
    Dim start As Long
    start = InStr(raw, """" & name & """:""")
    If start > 0 Then LoginText = Split(Mid$(raw, start + Len(name) + 4), """")(0)
End Function

Public Function JsonString(ByVal value As String) As String
    JsonString = """" & Replace(Replace(value, "\", "\\"), """", "\""") & """"
End Function

' Web API の資格確認の要求
Public Function CheckJson(ByVal institution As String, ByVal day_ As String, ByVal person As Variant) As String
    Dim i As Long, card As String
    For i = 0 To 4
        If person(i) <> "" Then card = card & JsonString(PersonElements()(i)) & ":" & JsonString(person(i)) & ","
    Next
    CheckJson = "{""XmlMsg"":{""MessageHeader"":{""QualificationConfirmationDate"":" & JsonString(day_) & ",""MedicalInstitutionCode"":" & _
        JsonString(institution) & "},""MessageBody"":{""QualificationConfirmSearchInfo"":{" & card & """" & CONSENT & """:""0""}}}}"
End Function

' 連携フォルダーの資格確認（1人）と一括照会（複数人）の要求ファイル
Public Function CheckXml(ByVal institution As String, ByVal day_ As String, ByVal identifier As String, ByVal persons As Collection, ByVal charset As String) As String
    Dim body As String, person As Variant, i As Long
    For Each person In persons
        body = body & "<QualificationConfirmSearchInfo>"
        For i = 0 To 4
            If person(i) <> "" Then body = body & Element(PersonElements()(i), person(i))
        Next
        body = body & Element(CONSENT, "0") & "</QualificationConfirmSearchInfo>"
    Next
    CheckXml = Xml(Element("QualificationConfirmationDate", day_) & Element("MedicalInstitutionCode", institution) & Element("ArbitraryFileIdentifier", identifier), body, charset)
End Function

' 一括照会の結果を受け取る要求ファイル
Public Function FetchXml(ByVal institution As String, ByVal number As String, ByVal charset As String) As String
    FetchXml = Xml(Element("MedicalInstitutionCode", institution), Element("ReceptionNumber", number), charset)
End Function

Private Function Element(ByVal name As String, ByVal value As String) As String
    Element = "<" & name & ">" & Replace(Replace(value, "&", "&amp;"), "<", "&lt;") & "</" & name & ">"
End Function

Private Function Xml(ByVal header As String, ByVal body As String, ByVal charset As String) As String
    Xml = "<?xml version=""1.0"" encoding=""" & IIf(charset = "shift_jis", "Shift_JIS", "UTF-8") & """ standalone=""no""?>" & vbLf & _
        "<XmlMsg><MessageHeader>" & header & "</MessageHeader><MessageBody>" & body & "</MessageBody></XmlMsg>"
End Function
