package import HTTPTransfer
package import OCIModel

/// The servers from which the Debian archives are fetched: the user's mirror, otherwise the machine's apt sources,
/// otherwise Debian's servers.
///
/// A mirror named by the user is the only one used. The machine's own sources are backed by Debian's servers, because a
/// local mirror may carry other suites or architectures than the image needs.
package struct DebianMirrors: Hashable, Sendable {
    /// An archive with its own tree of `dists` and `pool`, by its name in locks.
    package enum Archive: String, Hashable, Sendable, CaseIterable {
        case debian
        case security = "debian-security"

        fileprivate var standard: String {
            switch self {
            case .debian: "http://ftp.debian.org/debian"
            case .security: "http://security.debian.org/debian-security"
            }
        }
    }

    private var bases: [Archive: [HTTPAddress]]

    /// Chooses the mirrors.
    ///
    ///   - explicit: The user's mirror of `debian`, such as `http://host/debian`. The mirror of `debian-security` is
    ///     then expected beside it (`http://host/debian-security`), with Debian's server as a fallback. A second
    ///     address after white space names the mirror of `debian-security` itself. A blank text means no mirror.
    ///   - aptSources: The machine's own sources, in order; those that are not `http` or `https` are skipped.
    ///   - logins: The logins of the machine's apt, which its mirrors may need.
    /// - Throws: `ImageInputsError.Code.invalidAddress` if an explicit mirror is not an `http` or `https` address.
    package init(
        explicit: String?, aptSources: [Archive: [String]], logins: AptLogins = AptLogins()
    ) throws(ImageInputsError) {
        let named = (explicit ?? "").split(whereSeparator: \.isWhitespace).map(String.init)
        let standard = try Archive.allCases.map { archive throws(ImageInputsError) in
            (archive, try asInput { () throws(HTTPTransferError) in try HTTPAddress(archive.standard) })
        }
        bases = Dictionary(uniqueKeysWithValues: standard.map { ($0.0, [$0.1]) })
        if named.isEmpty {
            for (archive, url) in standard {
                let own = (aptSources[archive] ?? []).compactMap { try? HTTPAddress($0) }
                bases[archive] = Self.unique(own + [url])
            }
        } else {
            try useExplicit(named)
        }
        bases = bases.mapValues { $0.map(logins.applied) }
    }

    private mutating func useExplicit(_ named: [String]) throws(ImageInputsError) {
        guard named.count <= 2 else {
            throw ImageInputsError(
                .invalidAddress, "the Debian mirror is given as \(named.count) addresses",
                hint: "specify one address, or one for debian and one for debian-security")
        }
        let mirrors = try named.map { text throws(ImageInputsError) in
            do throws(HTTPTransferError) { return try HTTPAddress(text) } catch {
                throw ImageInputsError(
                    .invalidAddress, "the Debian mirror is invalid: \(error.message)",
                    hint: "write it as http://host/debian")
            }
        }
        bases[.debian] = [mirrors[0]]
        if mirrors.count == 2 {
            bases[.security] = [mirrors[1]]
        } else {
            bases[.security] = Self.unique([try Self.sibling(of: mirrors[0])] + (bases[.security] ?? []))
        }
    }

    /// Returns the security archive's address beside a mirror: `http://host/some/debian` →
    /// `http://host/some/debian-security`.
    private static func sibling(of mirror: HTTPAddress) throws(ImageInputsError) -> HTTPAddress {
        let parts = mirror.path.split(separator: "/").dropLast()
        let path = "/" + (parts + [Archive.security.rawValue[...]]).joined(separator: "/")
        return try asInput { () throws(HTTPTransferError) in try mirror.replacingPath(with: path) }
    }

    private static func unique(_ urls: [HTTPAddress]) -> [HTTPAddress] {
        var seen: Set<String> = []
        return urls.filter { seen.insert($0.text.hasSuffix("/") ? String($0.text.dropLast()) : $0.text).inserted }
    }
}

extension DebianMirrors {
    /// The time from a release to its snapshot. The archive changes within hours, and snapshot.debian.org keeps what it
    /// saw at its own visits, some hours after a release; half a day later it has seen the release, while the archive
    /// still has the release's files.
    private static let snapshotDelay: Int64 = 12 * 3600

    /// Returns the addresses of one of the archive's files, best first.
    ///
    /// If there is a `digest`, by which indexes are also available under `by-hash`, each mirror is asked by that name
    /// first, which stays valid while the mirror updates. If there is a date of the release that lists the file, the
    /// last address is on snapshot.debian.org. The path is relative to the archive's root: `pool/…`,
    /// `dists/trixie/InRelease`.
    ///
    /// - Throws: `ImageInputsError.Code.rejected` if the path leaves the archive.
    package func candidates(
        for path: String, in archive: Archive, byHash digest: Digest? = nil, released: Timestamp? = nil
    ) throws(ImageInputsError) -> [HTTPAddress] {
        do throws(HTTPTransferError) {
            return try addresses(of: path, in: archive, byHash: digest, released: released)
        } catch { throw ImageInputsError(error) }
    }

    private func addresses(
        of path: String, in archive: Archive, byHash digest: Digest?, released: Timestamp?
    ) throws(HTTPTransferError) -> [HTTPAddress] {
        var candidates: [HTTPAddress] = []
        for base in bases[archive] ?? [] {
            if let digest {
                let folder = path.split(separator: "/").dropLast().joined(separator: "/")
                candidates.append(try base.appending(folder + "/by-hash/SHA256/" + digest.hex))
            }
            candidates.append(try base.appending(path))
        }
        guard let released else { return candidates }
        // Clamped to the years 1970 to 9999, because the date comes from a file.
        let seconds = min(max(released.seconds, 0), 253_402_300_799 - Self.snapshotDelay)
        let moment = Timestamp(seconds: seconds + Self.snapshotDelay).description
        let compact = moment.filter { $0 != "-" && $0 != ":" }
        let snapshot = try HTTPAddress("https://snapshot.debian.org/archive/\(archive.rawValue)/\(compact)")
        return candidates + [try snapshot.appending(path)]
    }
}
