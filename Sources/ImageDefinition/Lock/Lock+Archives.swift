package import OCIModel

extension Lock {
    /// A pinned release archive. It is identified by its first address: two requirements with the same address are the
    /// same archive.
    package struct Archive: Hashable, Sendable, Codable {
        /// The addresses as the definition has them, with every placeholder filled in; never a mirror's.
        package var urls: [String]
        package var size: Int64
        package var sha256: Digest
        /// The list that the sum was read from, if any.
        package var sums: SumsFile?
        package init(urls: [String], size: Int64, sha256: Digest, sums: SumsFile? = nil) {
            self.urls = urls
            self.size = size
            self.sha256 = sha256
            self.sums = sums
        }
    }

    /// A release's list of sums as it was when the lock was made.
    package struct SumsFile: Hashable, Sendable, Codable {
        package var url: String
        package var sha256: Digest
        package init(url: String, sha256: Digest) {
            self.url = url
            self.sha256 = sha256
        }
    }

    /// Returns the pin of an archive.
    package func archive(_ request: ArchiveRequest) -> Archive? {
        (archives ?? []).first { $0.urls.first == request.urls.first }
    }

    /// Returns the Debian packages of the Go toolchain for a machine, or `nil` if the lock has none for it.
    package func toolchainPackages(host architecture: String) -> [Package]? {
        toolchains?[Platform(os: "linux", architecture: architecture).description]
    }
}

extension Lock.Archive {
    func check(_ refuse: (String) -> Void) {
        let addresses = urls + (sums.map { [$0.url] } ?? [])
        for address in addresses
        where !(address.hasPrefix("https://") || address.hasPrefix("http://"))
            || !address.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
        {
            refuse("'\(address)' is not an address")
        }
        if urls.isEmpty { refuse("an archive has no address") }
        if size <= 0 { refuse("the size \(size) of '\(urls.first ?? "")' is not above zero") }
    }
}
