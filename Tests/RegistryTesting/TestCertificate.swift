import FoundationEssentials
package import SystemPackage

/// A certificate for `localhost`, `127.0.0.1` and `::1`, and its authority, which no machine trusts unless told to.
/// Both are valid for a hundred years.
package enum TestCertificate {
    package static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBnTCCAUOgAwIBAgIUdlc30oGbBrpoI0av9/XFH89lZo8wCgYIKoZIzj0EAwIw
        GzEZMBcGA1UEAwwQaW1hZ2VidWlsZCB0ZXN0czAgFw0yNjExMjEwMjQ2MjFaGA8y
        MTI2MTAyODAyNDYyMVowGzEZMBcGA1UEAwwQaW1hZ2VidWlsZCB0ZXN0czBZMBMG
        ByqGSM49AgEGCCqGSM49AwEHA0IABA00VYA1lUgFWmnDDTx0xGLQHHbR3goq8lrG
        73a6De9C8w3yXr4gdN08Pz6MDeZDMu1Ax+QwYWKgiGm9DRZVQU6jYzBhMB0GA1Ud
        DgQWBBSsMg8sqlmgbWgo2Mk9KHxo1HrJmDAfBgNVHSMEGDAWgBSsMg8sqlmgbWgo
        2Mk9KHxo1HrJmDAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAKBggq
        hkjOPQQDAgNIADBFAiEA+occMHAxmaqryka6wb1ynHeee6vsb01wOqpzrlGbqqMC
        IFVWxHczJ2utNJpHbgp+dWeWJOTV80h5+XPbW79IwR1O
        -----END CERTIFICATE-----
        """

    package static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBxTCCAWugAwIBAgIUbBiR1fBPZT+H/xZR2a6eQDcRxCgwCgYIKoZIzj0EAwIw
        GzEZMBcGA1UEAwwQaW1hZ2VidWlsZCB0ZXN0czAgFw0yNjExMjEwMjQ2MjFaGA8y
        MTI2MTAyODAyNDYyMVowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZIzj0C
        AQYIKoZIzj0DAQcDQgAEUREgOWfUWXg4caUfpkFMXllLNOZ8gXixV9qIMrI0cq+J
        KyICKpyUAi7m+uwuyJkZ+VJIPG7DMFaijsp7RjtxP6OBkTCBjjAsBgNVHREEJTAj
        gglsb2NhbGhvc3SHBH8AAAGHEAAAAAAAAAAAAAAAAAAAAAEwEwYDVR0lBAwwCgYI
        KwYBBQUHAwEwCQYDVR0TBAIwADAdBgNVHQ4EFgQUMVfTFgwSHtQt7WFTlrbtZwk3
        hIEwHwYDVR0jBBgwFoAUrDIPLKpZoG1oKNjJPSh8aNR6yZgwCgYIKoZIzj0EAwID
        SAAwRQIgJEE/ksylVIp9ItxCj7/yVQcsNa8c4+LKuZ2ZceyG7FUCIQD9n/OlJY+U
        BSx8Gk3Dn4pwz+mtwTheOCZp9xeq5uNmsw==
        -----END CERTIFICATE-----
        """

    package static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgsw5ZdG9wtL50oly8
        +qkMDfZZ6BZ2+9iHoU6Wp1o7FgqhRANCAARRESA5Z9RZeDhxpR+mQUxeWUs05nyB
        eLFX2ogysjRyr4krIgIqnJQCLub67C7ImRn5Ukg8bsMwVqKOyntGO3E/
        -----END PRIVATE KEY-----
        """

    /// Writes `ca.crt`, `tls.crt` and `tls.key` into a folder.
    package static func write(to folder: FilePath) throws {
        for (name, text) in [("ca.crt", authority), ("tls.crt", certificate), ("tls.key", key)] {
            try Data((text + "\n").utf8).write(to: URL(filePath: folder.appending(name).string))
        }
    }
}
