// Testcontainers for .NET, with xUnit: the packages Testcontainers and xunit, .NET 8 or newer. Not run here.
// テストの前に模擬サーバーを起動し、終わったら片付けます。イメージは自分のものに置き換えてください。
using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Xunit;

public sealed class OnshiMockTests : IAsyncLifetime
{
    private static readonly string Token = Guid.NewGuid().ToString("N");

    private readonly IContainer mock = new ContainerBuilder()
        .WithImage("registry.example/onshi-mock:0.1")
        .WithEnvironment("ONSHI_CONTROL_TOKEN", Token)
        .WithPortBinding(8443, true)
        .WithPortBinding(8444, true)
        .WithWaitStrategy(Wait.ForUnixContainer().UntilMessageIsLogged("onshi-mock ready"))
        .Build();

    private HttpClient client = null!;

    public async Task InitializeAsync()
    {
        await mock.StartAsync();
        // The CA of this container is copied out of it, and only that is trusted.
        var ca = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(await mock.ReadFileAsync("/data/certs/ca.pem")));
        var handler = new SocketsHttpHandler();
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { ca },
        };
        client = new HttpClient(handler);
    }

    public async Task DisposeAsync() => await mock.DisposeAsync();

    private string Url(int port) => $"https://127.0.0.1:{mock.GetMappedPublicPort(port)}";

    private async Task<string> Ask(string url, string? authorization, object? body, string accept = "application/json")
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, url);
        if (authorization is not null) request.Headers.TryAddWithoutValidation("Authorization", authorization);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(accept));
        if (body is not null) request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request);
        return await response.Content.ReadAsStringAsync();
    }

    // Your client in place of this.
    private async Task<JsonElement> Check(string institution)
    {
        var login = JsonDocument.Parse(await Ask(Url(8443) + "/oqs-api-pro/MSA12020/ILI12020SV01/auth", null, new { userId = institution }));
        var token = login.RootElement.GetProperty("result").GetProperty("idToken").GetString();
        var answer = await Ask(Url(8443) + "/oqs-api-pro/MSA01030/ILI01030SV01/search", token, new
        {
            XmlMsg = new
            {
                MessageHeader = new { QualificationConfirmationDate = "20260120", MedicalInstitutionCode = institution },
                MessageBody = new
                {
                    QualificationConfirmSearchInfo = new
                    {
                        InsurerNumber = "01990019", InsuredCardSymbol = "11010203", InsuredIdentificationNumber = "1001", InsuredBranchNumber = "01",
                        Birthdate = "19800517", LimitApplicationCertificateRelatedConsFlg = "0",
                    },
                },
            },
        });
        return JsonDocument.Parse(answer).RootElement.GetProperty("XmlMsg");
    }

    [Fact]
    public async Task The_check_is_refused_until_the_restart()
    {
        string institutions = Url(8444) + "/v1/institutions", bearer = "Bearer " + Token;
        var created = JsonDocument.Parse(await Ask(institutions, bearer,
            new { template = "9910000026", scenario = "installed-not-restarted" }));
        var institution = created.RootElement.GetProperty("code").GetString()!;
        string report;
        try
        {
            Assert.Contains("再起動", (await Check(institution)).GetProperty("MessageHeader").GetProperty("ErrorMessage").GetString());
            await Ask($"{institutions}/{institution}/terminals/T1/restart", bearer, new { });
            Assert.Equal("1", (await Check(institution)).GetProperty("MessageBody").GetProperty("QualificationValidity").GetString());
        }
        finally
        {
            // The report is kept also where the client failed.
            report = await Ask($"{institutions}/{institution}/verdict", bearer, null, "application/xml");
            await File.WriteAllTextAsync("onshi-verdict.xml", report);
        }
        Assert.DoesNotContain("<failure", report);
    }
}
