import FoundationEssentials
import OCIModel

extension HTTPAddress {
    /// Returns this address with an archive's relative path appended, percent-encoded.
    ///
    /// `+` is encoded too: some object stores behind mirrors read it as a space.
    ///
    /// - Throws: `HTTPTransferError.Code.unsafe` if the path is absolute or has an empty, `.` or `..` part.
    package func appending(_ relativePath: String) throws(HTTPTransferError) -> HTTPAddress {
        let parts = relativePath.utf8.split(separator: 0x2f, omittingEmptySubsequences: false)
        let isSafe = parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
        guard isSafe, !relativePath.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else {
            throw HTTPTransferError(
                .unsafe,
                "the archive path '\(PercentEncoding.encode(path: relativePath))' is not a plain relative path")
        }
        let base = path.utf8.last == 0x2f ? String(path.dropLast()) : path
        return try replacingPath(with: base + "/" + PercentEncoding.encode(path: relativePath))
    }

    /// Returns this address with another path, already percent-encoded, and no query.
    package func replacingPath(with path: String) throws(HTTPTransferError) -> HTTPAddress {
        var other = try HTTPAddress(origin + path)
        other.credentials = credentials
        return other
    }

    /// Returns this address with another scheme, at the same port.
    package func speaking(_ scheme: Scheme) throws(HTTPTransferError) -> HTTPAddress {
        let name = host.utf8.contains(0x3a) ? "[\(host)]" : host
        var other = try HTTPAddress("\(scheme.rawValue)://\(name):\(port)\(target)")
        other.credentials = credentials
        return other
    }

    /// Returns the address to which a redirect's `Location` leads from here. Credentials stay within one origin.
    ///
    /// - Throws: `HTTPTransferError.Code.unsafe` if it is not a usable address, or leaves https for http.
    package func redirected(to location: String?) throws(HTTPTransferError) -> HTTPAddress {
        let other = try resolving(location)
        guard scheme == .http || other.scheme == .https else {
            throw HTTPTransferError(.unsafe, "\(self): the server redirects from https to http, \(other)")
        }
        return other
    }

    /// Resolves a reference in an answer from this address (RFC 3986, section 5).
    ///
    /// - Throws: `HTTPTransferError.Code.unsafe` if the result is not a usable address.
    package func resolving(_ reference: String?) throws(HTTPTransferError) -> HTTPAddress {
        guard let reference, let base = URL(string: text), let target = URL(string: reference, relativeTo: base),
            var other = try? HTTPAddress(target.absoluteString)
        else { throw HTTPTransferError(.unsafe, "\(self): the server redirects to an address that cannot be used") }
        other.credentials = other.origin == origin ? credentials : nil
        return other
    }
}
