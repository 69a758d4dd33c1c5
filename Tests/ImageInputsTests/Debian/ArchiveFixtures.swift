/// A whole small archive: three suites, two architectures. Its Releases are signed by `SignedFixtures.archiveKey`, so
/// not a byte of the indexes can be changed here. Each `Packages.xz` is listed as if xz changed nothing.
enum ArchiveFixtures {
    static let releases = [
        "trixie": """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Origin: Test
        Suite: stable
        Version: 13.7
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        Acquire-By-Hash: yes
        Architectures: amd64 ppc64el
        Components: main
        Description: text
         - dashed line of a continuation
        MD5Sum:
         d41d8cd98f00b204e9800998ecf8427e 0 main/empty
        SHA256:
         e4729d19bf27e7ec7709a534ffbc73009402a533675a810a1a9115c3bdaca405     1577 main/binary-amd64/Packages
         e4729d19bf27e7ec7709a534ffbc73009402a533675a810a1a9115c3bdaca405     1577 main/binary-amd64/Packages.xz
         a19e3e016fd5ecffba8b35d31950b694fa71f7d00c29ba1b4b68cb7ff22ecca3     1597 main/binary-ppc64el/Packages
         a19e3e016fd5ecffba8b35d31950b694fa71f7d00c29ba1b4b68cb7ff22ecca3     1597 main/binary-ppc64el/Packages.xz
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQS4AuUxLZSQY3/ZFtz7nhezNwQTJAUCZaR1gAAKCRD7nhezNwQT
        JDd7AP4qEGUY9exi6ewN6jyevjvlFDhT2ltrhxJiwRpuj+eNbgD+OQsFq1jVPVNC
        UAFDSqzwEJpPltYqf3ptF37Zkrsk4Qk=
        =L3/I
        -----END PGP SIGNATURE-----

        """,
        "trixie-security": """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Origin: Test
        Suite: stable-security
        Version: 13
        Codename: trixie-security
        Date: Wed, 18 Nov 2026 22:17:43 UTC
        Valid-Until: Wed, 25 Nov 2026 22:17:43 UTC
        Acquire-By-Hash: yes
        Architectures: amd64 ppc64el
        Components: main
        Description: text
         - dashed line of a continuation
        MD5Sum:
         d41d8cd98f00b204e9800998ecf8427e 0 main/empty
        SHA256:
         215caa0e677b0755e9070965a3a2c3457f9555b87902b51bd0ca83067b50000a      231 main/binary-amd64/Packages
         215caa0e677b0755e9070965a3a2c3457f9555b87902b51bd0ca83067b50000a      231 main/binary-amd64/Packages.xz
         f57cbaf65296bdd232de7cc34fbdbfbfa7628dfb7f25657750a3863f9328146d      235 main/binary-ppc64el/Packages
         f57cbaf65296bdd232de7cc34fbdbfbfa7628dfb7f25657750a3863f9328146d      235 main/binary-ppc64el/Packages.xz
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQS4AuUxLZSQY3/ZFtz7nhezNwQTJAUCZaR1gAAKCRD7nhezNwQT
        JAUSAQCUAWyGTr9X89DxGEyhuwlz9aiTS7aN6a12sFK5rYBDmgEAprgdVH+B/92q
        SQFiS1+nwIjVWCt70gfWJz0n1TnD0gU=
        =frpc
        -----END PGP SIGNATURE-----

        """,
        "bookworm": """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Origin: Test
        Suite: oldstable
        Version: 12.15
        Codename: bookworm
        Date: Sat, 11 Jul 2026 10:16:37 UTC
        Acquire-By-Hash: yes
        Architectures: amd64 ppc64el
        Components: main
        Description: text
         - dashed line of a continuation
        MD5Sum:
         d41d8cd98f00b204e9800998ecf8427e 0 main/empty
        SHA256:
         faf12e9132f5bb38165cc93464dab0cc43d1c93bdf95c384c8841e8d4c430380      236 main/binary-amd64/Packages
         faf12e9132f5bb38165cc93464dab0cc43d1c93bdf95c384c8841e8d4c430380      236 main/binary-amd64/Packages.xz
         1406256c6555abb81cbf189b6c4b6774de761e2c2c00719405f5e0cf9eb72b31      240 main/binary-ppc64el/Packages
         1406256c6555abb81cbf189b6c4b6774de761e2c2c00719405f5e0cf9eb72b31      240 main/binary-ppc64el/Packages.xz
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQS4AuUxLZSQY3/ZFtz7nhezNwQTJAUCZaR1gAAKCRD7nhezNwQT
        JLOfAP48c7MYY5NZU9ZlpaZpgboOlH4M4lj/TM8XJBu1S4olugEAzYgAr8reXNkB
        7KKI56+hj0VIuM7pjhO/C0lD7DnMswc=
        =36n6
        -----END PGP SIGNATURE-----

        """,
    ]

    /// The text of the indexes by suite and architecture.
    static let packages = [
        "trixie amd64": """
        Package: app-server
        Version: 3.5.16-4
        Architecture: amd64
        Depends: base
        Filename: pool/main/a/app-server/app-server_3.5.16-4_amd64.deb
        Size: 1023
        SHA256: f7ec891d971476169401bea28436e0e43f2055e58a42d32d2ed0417c17b0f900

        Package: base
        Version: 13.8
        Architecture: all
        Pre-Depends: awk
        Depends: libone1 (>= 1.0), zoneinfo | tzdata
        Essential: yes
        Filename: pool/main/b/base/base_13.8_all.deb
        Size: 1011
        SHA256: 6acb3baf7b0e0c41adb6f9d6ab4251fe92e3b6f2873ca3f64457e3f1f8ba09dd

        Package: libone1
        Version: 1.0-1
        Architecture: amd64
        Depends: libtwo2 (>= 2.0)
        Filename: pool/main/l/libone1/libone1_1.0-1_amd64.deb
        Size: 1017
        SHA256: c96350187c7368b3fc9d8c45941112fa6cf5041215c846831a78476a3c252e8c

        Package: libtwo2
        Version: 2.0-1
        Architecture: amd64
        Depends: libone1
        Filename: pool/main/l/libtwo2/libtwo2_2.0-1_amd64.deb
        Size: 1017
        SHA256: 507a9589c6139c55b6142e91592ea98b97226161e93d619f36c3828bf597b824

        Package: mawk
        Version: 1.3-1
        Architecture: amd64
        Priority: required
        Provides: awk
        Filename: pool/main/m/mawk/mawk_1.3-1_amd64.deb
        Size: 1014
        SHA256: 033e69f5f0f0b08a8cd7cedae78dcebc44f0375f702b33d4b7d7c830cf98f9de

        Package: gawk
        Version: 5.2-1
        Architecture: amd64
        Priority: optional
        Provides: awk
        Filename: pool/main/g/gawk/gawk_5.2-1_amd64.deb
        Size: 1014
        SHA256: 796c252f4d464fd0edefb576a28887c923f579af57746c7bb455ee3001dfaa42

        Package: tzdata
        Version: 2026a-1
        Architecture: all
        Description: zones
         with a long text
         .
         Package: not-a-field
        Filename: pool/main/t/tzdata/tzdata_2026a-1_all.deb
        Size: 1016
        SHA256: 8d8ed29554b4b86b4e86a600e4fc49050335ddf7afd2924c17de53d2f24147cd

        """,
        "trixie ppc64el": """
        Package: app-server
        Version: 3.5.16-4
        Architecture: ppc64el
        Depends: base
        Filename: pool/main/a/app-server/app-server_3.5.16-4_ppc64el.deb
        Size: 1025
        SHA256: c5978087ca56b531e382a2c01cdd498718b78c16946d93e434181ab89e7716a4

        Package: base
        Version: 13.8
        Architecture: all
        Pre-Depends: awk
        Depends: libone1 (>= 1.0), zoneinfo | tzdata
        Essential: yes
        Filename: pool/main/b/base/base_13.8_all.deb
        Size: 1011
        SHA256: 6acb3baf7b0e0c41adb6f9d6ab4251fe92e3b6f2873ca3f64457e3f1f8ba09dd

        Package: libone1
        Version: 1.0-1
        Architecture: ppc64el
        Depends: libtwo2 (>= 2.0)
        Filename: pool/main/l/libone1/libone1_1.0-1_ppc64el.deb
        Size: 1019
        SHA256: ed0b4bab6f6100b48dbbb8fbc2e39b3644fadbfd975beac33b76f7151b8c4f36

        Package: libtwo2
        Version: 2.0-1
        Architecture: ppc64el
        Depends: libone1
        Filename: pool/main/l/libtwo2/libtwo2_2.0-1_ppc64el.deb
        Size: 1019
        SHA256: d83db371f56e127012ff4d53154234977662d9411bc90f55d074836afdb5e655

        Package: mawk
        Version: 1.3-1
        Architecture: ppc64el
        Priority: required
        Provides: awk
        Filename: pool/main/m/mawk/mawk_1.3-1_ppc64el.deb
        Size: 1016
        SHA256: 9e009f0af24f4ae28556f159bcf592831ad8180a6bbdb5e49d193e448aceed09

        Package: gawk
        Version: 5.2-1
        Architecture: ppc64el
        Priority: optional
        Provides: awk
        Filename: pool/main/g/gawk/gawk_5.2-1_ppc64el.deb
        Size: 1016
        SHA256: 3f50517f8b386b3869eef6c2c04636f9dd4178550206e934bcf3527e8f6ffa6e

        Package: tzdata
        Version: 2026a-1
        Architecture: all
        Description: zones
         with a long text
         .
         Package: not-a-field
        Filename: pool/main/t/tzdata/tzdata_2026a-1_all.deb
        Size: 1016
        SHA256: 8d8ed29554b4b86b4e86a600e4fc49050335ddf7afd2924c17de53d2f24147cd

        """,
        "trixie-security amd64": """
        Package: libtwo2
        Version: 2.0-1+deb13u1
        Architecture: amd64
        Depends: libone1
        Filename: pool/updates/main/l/libtwo2/libtwo2_2.0-1+deb13u1_amd64.deb
        Size: 1025
        SHA256: 12f3c9c541830da196d03daa466859141898d10462c4f9c0dc08fc302a04f3c2

        """,
        "trixie-security ppc64el": """
        Package: libtwo2
        Version: 2.0-1+deb13u1
        Architecture: ppc64el
        Depends: libone1
        Filename: pool/updates/main/l/libtwo2/libtwo2_2.0-1+deb13u1_ppc64el.deb
        Size: 1027
        SHA256: 2669891a3d7fa0b4aa27a8c95df83f62bb3a3d5e5f01799b087a72674e09f0a8

        """,
        "bookworm amd64": """
        Package: app-server
        Version: 3.4.23-4+b4
        Architecture: amd64
        Depends: libc6 (>= 2.34)
        Filename: pool/main/a/app-server/app-server_3.4.23-4+b4_amd64.deb
        Size: 1026
        SHA256: 8b0959ee4d27d7594ca8506664bf55d0960c5e07a0ce3d54beaa247c6cb1c4e5

        """,
        "bookworm ppc64el": """
        Package: app-server
        Version: 3.4.23-4+b4
        Architecture: ppc64el
        Depends: libc6 (>= 2.34)
        Filename: pool/main/a/app-server/app-server_3.4.23-4+b4_ppc64el.deb
        Size: 1028
        SHA256: 940099a6b86db8d25fd01ce136babe1b20985bfb619e2f548a1281748cac11b0

        """,
    ]
}
