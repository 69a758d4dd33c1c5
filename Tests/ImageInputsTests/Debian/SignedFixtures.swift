/// Texts that were signed once with throw-away keys whose secret halves are gone: `Archive` (signs with a subkey),
/// `Second`, `Expired` (since February 2024) and `Revoked` are in the keyring, `Stranger` is not.
enum SignedFixtures {
    static let archiveKey = "EFA35D93A35733959D8BB2995501540D7DE8E369"
    static let secondKey = "C4325108A8F29908112F254B26565EF69F7C392F"
    static let expiredKeyFingerprint = "BFF6BD6DCCA18C983C91BA4EB93B556E31A08CAB"
    static let revokedKeyFingerprint = "8A03083FC4C6F58999CB5C9D6CF3EB8923156FC1"

    /// An OpenPGP keyring in base64.
    static let keyring = """
        mDMEZZIAgBYJKwYBBAHaRw8BAQdAmIqkb1HcXJ3iz5B6sbYCFGhB+Bo9fRc+CqhIQG+gGQ60DkFyY2hpdmUgKHRlc3QpiJAEExYI\
        ADgWIQTvo12To1czlZ2LsplVAVQNfejjaQUCZZIAgAIbAQULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRBVAVQNfejjadoUAP45\
        7+iWWEvsmmxWeRcVQmw3vmgP0HpIkao0N1M3TZOQ4gEA12elt6f7kKQD27MReWRFCK8jdZF3Cpfzb832n0Je5Qa4MwRlkgCAFgkr\
        BgEEAdpHDwEBB0BhN/z9GJjnV6W0VrNAHKO8XIvAZ16RxLhBhwdKYRmu3ojvBBgWCAAgFiEE76Ndk6NXM5Wdi7KZVQFUDX3o42kF\
        AmWSAIACGwIAgQkQVQFUDX3o42l2IAQZFggAHRYhBLgC5TEtlJBjf9kW3PueF7M3BBMkBQJlkgCAAAoJEPueF7M3BBMkt0sBAOtj\
        Q4f2bCWw5eE/sxK9XAF4+Nmzr7hzRsWUkJGtuC/AAQCaHgSnaZ7RBSVaU9q0sAni9Y8Ee5XrOqxFDe85/g1fDnTKAQDzk8pLe1Mz\
        CG9W3gvxrGGhAc/O5LVE0Q0KtL2XPL1sowEA+PNaRzkiN1DegUMjPvl7msrik1tp1ERLWV1IoMHY2gCYMwRlkgCAFgkrBgEEAdpH\
        DwEBB0CJIXoTmFc5r83tpb1XrYtcnLymGzW/NsXU0oJAxiNG17QORXhwaXJlZCAodGVzdCmIlgQTFggAPhYhBL/2vW3MoYyYPJG6\
        Trk7VW4xoIyrBQJlkgCAAhsDBQkAKYdABQsJCAcCBhUKCQgLAgQWAgMBAh4BAheAAAoJELk7VW4xoIyrS54A/R6TFFvh1XftNOBB\
        AeePT+Bvyria2Iik2RV/NUyz2oa5AP9Nd632AOuEM/Nbc+nS5szevXUTv9JWi8esFzHThYdeBJgzBGWSAIAWCSsGAQQB2kcPAQEH\
        QCqfa00m7uZ5Y9G9EYO0dv49GkYxVCjr7uHGNgBTO25EiHgEIBYIACAWIQSKAwg/xMb1iZnLXJ1s8+uJIxVvwQUCZZIAgAIdAAAK\
        CRBs8+uJIxVvwW2uAP93y3JJxkNX8b/MT9UeQHK974KIatvgF3hhTVYOEDG9gAD9E3Wpar1a6B6qDyinOHFbecAHVhPgAGJVyPb1\
        ESHhDQO0DlJldm9rZWQgKHRlc3QpiJAEExYIADgWIQSKAwg/xMb1iZnLXJ1s8+uJIxVvwQUCZZIAgAIbAwULCQgHAgYVCgkICwIE\
        FgIDAQIeAQIXgAAKCRBs8+uJIxVvwUAUAQDphO9/vLfp+RajY9LlyfTBqIm58m/2jupRySWniVN9ZAEAzb1/rBkPexcQf3bX51Es\
        RT/pVQWAkpsZz8xjnE38SA6YMwRlkgCAFgkrBgEEAdpHDwEBB0DTs29pxF8uR4RW9RsVaCSX5Yo9mRxa3XB/3mcVV6aBprQNU2Vj\
        b25kICh0ZXN0KYiQBBMWCAA4FiEExDJRCKjymQgRLyVLJlZe9p98OS8FAmWSAIACGwMFCwkIBwIGFQoJCAsCBBYCAwECHgECF4AA\
        CgkQJlZe9p98OS+XzAD/eCDpMzdsfoY1wNIo+YUJOpaYZL/yuUAAjMcSTISzxAcA/iE/utcUkZNF2c5TNFGbFAChCRDgo96kByNp\
        bpMChIQA
        """

    /// A text signed by `Archive`.
    static let good = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQS4AuUxLZSQY3/ZFtz7nhezNwQTJAUCZaR1gAAKCRD7nhezNwQT
        JCoWAP4m0p/n0NkpLEKnKIGbNI8avqG1KjpB0C+kQGFwh8hfsQEAii+4WUsFBnvp
        dfnJprXMMW7JZ++zMBLxEVdszie2KgE=
        =83Mp
        -----END PGP SIGNATURE-----

        """

    /// A text signed by `Archive` and `Second`.
    static let twoSigners = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQS4AuUxLZSQY3/ZFtz7nhezNwQTJAUCZaR1gAAKCRD7nhezNwQT
        JCoWAP4m0p/n0NkpLEKnKIGbNI8avqG1KjpB0C+kQGFwh8hfsQEAii+4WUsFBnvp
        dfnJprXMMW7JZ++zMBLxEVdszie2KgGIdQQBFggAHRYhBMQyUQio8pkIES8lSyZW
        XvaffDkvBQJlpHWAAAoJECZWXvaffDkvxKkA/ihOtrTn9b1dF/PlPmYG3LStMKUB
        x6XwR3sSs+F0aFtgAP9BMt4p3zfZYL3gYxI6IANGPzJ+D0EudzsmvIlG3vxNBQ==
        =nO/C
        -----END PGP SIGNATURE-----

        """

    /// A text signed by `Stranger` and `Archive`.
    static let oneUnknown = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQTNRi1w9phxGhUlarGPFZLzlW3sDgUCZaR1gAAKCRCPFZLzlW3s
        DgBzAP9GzROZtnBGIqSCAPBXJAvHF5OGQAvpeZ0qXPmA2DrfgwD/XP+hCxTP6V5U
        ixloQtSVBX8D/5l9TDb3ZhaEc9n8tAGIdQQBFggAHRYhBLgC5TEtlJBjf9kW3Pue
        F7M3BBMkBQJlpHWAAAoJEPueF7M3BBMkKhYA/ibSn+fQ2SksQqcogZs0jxq+obUq
        OkHQL6RAYXCHyF+xAQCKL7hZSwUGe+l1+cmmtcwxbsln77MwEvERV2zOJ7YqAQ==
        =f+2G
        -----END PGP SIGNATURE-----

        """

    /// A text signed only by `Stranger`.
    static let stranger = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQTNRi1w9phxGhUlarGPFZLzlW3sDgUCZaR1gAAKCRCPFZLzlW3s
        DgBzAP9GzROZtnBGIqSCAPBXJAvHF5OGQAvpeZ0qXPmA2DrfgwD/XP+hCxTP6V5U
        ixloQtSVBX8D/5l9TDb3ZhaEc9n8tAE=
        =omC8
        -----END PGP SIGNATURE-----

        """

    /// A text signed only by `Second`.
    static let unpinned = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQTEMlEIqPKZCBEvJUsmVl72n3w5LwUCZaR1gAAKCRAmVl72n3w5
        L8SpAP4oTra05/W9XRfz5T5mBty0rTClAcel8Ed7ErPhdGhbYAD/QTLeKd832WC9
        4GMSOiADRj8yfg9BLnc7JryJRt78TQU=
        =IKKI
        -----END PGP SIGNATURE-----

        """

    /// A text signed by `Expired` while the key was valid.
    static let expiredKey = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQS/9r1tzKGMmDyRuk65O1VuMaCMqwUCZaR1gAAKCRC5O1VuMaCM
        q6QvAP9AoudY+h0zSv41i4FJ9RPp5T8voHBcGzLH95kV3mu7mwEAmxxs/t0YaEWG
        OYSvB1dfDEpb1o41vAEjBFNbUcnR+AQ=
        =Myjh
        -----END PGP SIGNATURE-----

        """

    /// A text signed by `Revoked` before the key was revoked.
    static let revokedKey = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA256

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYIAB0WIQSKAwg/xMb1iZnLXJ1s8+uJIxVvwQUCZaR1gAAKCRBs8+uJIxVv
        waSuAQDlfpV4zNWlHrOkWYIMwoGBeiYagiKv4pp1LC930Hu77wD+N33jUOkVcJ9M
        f+fgJ/qj5Y0UCbTsXCGdnOR5C1b5QQw=
        =GlJ4
        -----END PGP SIGNATURE-----

        """

    /// A text signed by `Archive` with SHA-1.
    static let sha1 = """
        -----BEGIN PGP SIGNED MESSAGE-----
        Hash: SHA1

        Suite: stable
        Codename: trixie
        Date: Sat, 12 Sep 2026 07:55:41 UTC
        SHA256:
         e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 main/empty
        -----BEGIN PGP SIGNATURE-----

        iHUEARYCAB0WIQS4AuUxLZSQY3/ZFtz7nhezNwQTJAUCZaR1gAAKCRD7nhezNwQT
        JMd4AQCbsHWllVHs+b0E6uBsByOcvXPd+5bLsHRb1u5zHdC++wD9GLTQY3QJLxr3
        +uvYeBvD/NzUucAvZYromgWmqlm4lwY=
        =vMBj
        -----END PGP SIGNATURE-----

        """
}
