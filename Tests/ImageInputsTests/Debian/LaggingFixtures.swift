import ImageInputs
import OCIModel

/// An archive whose `trixie-updates` has the same index for all architectures. Its Releases were signed once by a
/// throw-away key whose secret half is gone. Each `Packages.xz` is listed as if xz changed nothing.
enum LaggingFixtures {
    static let key = "9257744CC7DF4AA5DD5739437088BAE6E5A38051"

    /// An OpenPGP keyring in base64.
    static let keyring = """
        mDMEZZIAgBYJKwYBBAHaRw8BAQdAc13qrqlCz9lBZreijvhpvQ0Wz1e7iA8B32WKgz3ibUG0FkxhZ2dpbmcgQXJjaGl2ZSAodGVzdCmIk\
        AQTFggAOBYhBJJXdEzH30ql3Vc5Q3CIuublo4BRBQJlkgCAAhsDBQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJEHCIuublo4BRqZMBAL\
        +SQib8skX6cZDqQBpO9kk7F37IKyD0KNo4Povd43++APwJPut8J1npmW08Y2EFuXrTVx7kwcZSU0v8p4EAhWFVAA==
        """

    /// Returns the text of an index that the Releases list.
    static func packages(_ suite: String, _ architecture: String) -> String {
        switch suite {
        case "trixie": index([("libtwo2", "2.0-1", architecture), ("tzdata", "2026a-1", "all")])
        case "trixie-updates": index([("tzdata", "2026b-1", "all")])
        default: index([("libtwo2", "2.0-2", architecture), ("tzdata", "2026c-1", "all")])
        }
    }

    private static func index(_ packages: [(name: String, version: String, architecture: String)]) -> String {
        packages.map { package in
            """
            Package: \(package.name)
            Version: \(package.version)
            Architecture: \(package.architecture)
            Filename: pool/main/\(package.name)_\(package.version)_\(package.architecture).deb
            Size: 1000
            SHA256: \(Digest(of: Array("\(package.name) \(package.version) \(package.architecture)".utf8)).hex)

            """
        }.joined(separator: "\n")
    }

    static let releases = [
        "trixie": """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Wed, 18 Nov 2026 22:17:43 UTC
        Acquire-By-Hash: yes
        SHA256:
         1d7a11dbc05e6945ec5a4eed37266ce0ab2c60225005f8c421fcafe85c137bd5 359 main/binary-amd64/Packages
         1d7a11dbc05e6945ec5a4eed37266ce0ab2c60225005f8c421fcafe85c137bd5 359 main/binary-amd64/Packages.xz
         1655911141c6b91126ce2ee4f7b3e5d6901c4684d7a6c0211f3b7bf925e71088 359 main/binary-arm64/Packages
         1655911141c6b91126ce2ee4f7b3e5d6901c4684d7a6c0211f3b7bf925e71088 359 main/binary-arm64/Packages.xz
         3b9a805852f33ac64883e1d47a529ed125a6a8ba34adc83c9d1240c39e3b8892 363 main/binary-ppc64el/Packages
         3b9a805852f33ac64883e1d47a529ed125a6a8ba34adc83c9d1240c39e3b8892 363 main/binary-ppc64el/Packages.xz
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQSSV3RMx99Kpd1XOUNwiLrm5aOAUQUCZaR1gAAKCRBwiLrm5aOA
        URdBAP9PsAxOl1uQT3rVrRTX3u9AAAZelhG4VhulKD36XFl5ewD8Dlv7tMaPYyA6
        2dRaNWcLSsSEsn6rkLBwvrlyfJkIpQY=
        =HnCq
        -----END PGP SIGNATURE-----

        """,
        "trixie-updates": """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable-updates
        Codename: trixie-updates
        Date: Wed, 18 Nov 2026 22:17:43 UTC
        Acquire-By-Hash: yes
        SHA256:
         2e9db0c1bf17ca29eec50288a7865c73cb91087f67bcde3d19f2e22ac8ff68df 178 main/binary-amd64/Packages
         2e9db0c1bf17ca29eec50288a7865c73cb91087f67bcde3d19f2e22ac8ff68df 178 main/binary-amd64/Packages.xz
         2e9db0c1bf17ca29eec50288a7865c73cb91087f67bcde3d19f2e22ac8ff68df 178 main/binary-arm64/Packages
         2e9db0c1bf17ca29eec50288a7865c73cb91087f67bcde3d19f2e22ac8ff68df 178 main/binary-arm64/Packages.xz
         2e9db0c1bf17ca29eec50288a7865c73cb91087f67bcde3d19f2e22ac8ff68df 178 main/binary-ppc64el/Packages
         2e9db0c1bf17ca29eec50288a7865c73cb91087f67bcde3d19f2e22ac8ff68df 178 main/binary-ppc64el/Packages.xz
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQSSV3RMx99Kpd1XOUNwiLrm5aOAUQUCZaR1gAAKCRBwiLrm5aOA
        UcaxAP0ZxJwWnTgyBEJW7D5SSlvBHW/BY8VGo06DbrA7auCRFwEAu6JAF90AfNU6
        H8+S/4zZNZkJ++4Gd6PSuGmWp7kgQw4=
        =6w57
        -----END PGP SIGNATURE-----

        """,
        "trixie-security": """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable-security
        Codename: trixie-security
        Date: Wed, 18 Nov 2026 22:17:43 UTC
        Acquire-By-Hash: yes
        SHA256:
         425d1ef4d6a3f347297381d1ba6597cd4d7a3e5fff034ae0efc3c8c80b075926 359 main/binary-amd64/Packages
         425d1ef4d6a3f347297381d1ba6597cd4d7a3e5fff034ae0efc3c8c80b075926 359 main/binary-amd64/Packages.xz
         2ef914d46356b3482649010cfb95efa10f9f58cc62ddfcd60c4c549bfabcfaa4 359 main/binary-arm64/Packages
         2ef914d46356b3482649010cfb95efa10f9f58cc62ddfcd60c4c549bfabcfaa4 359 main/binary-arm64/Packages.xz
         7f4915e97d1b408e58238d3be0b2b075d10eebc379551f55650dbb3f6aebb53d 363 main/binary-ppc64el/Packages
         7f4915e97d1b408e58238d3be0b2b075d10eebc379551f55650dbb3f6aebb53d 363 main/binary-ppc64el/Packages.xz
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQSSV3RMx99Kpd1XOUNwiLrm5aOAUQUCZaR1gAAKCRBwiLrm5aOA
        UTeOAQCw2CQs9kjs3AVYgB5YB960AK/udM06z9vzJNVXTejwYQEAxttJKAUW2wdB
        IHGRY9kzryR8LZCsDstDhsO0yro7fwo=
        =xLpz
        -----END PGP SIGNATURE-----

        """,
    ]
}
