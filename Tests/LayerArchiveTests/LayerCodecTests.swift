import LayerArchive
import Testing

@Suite struct `Layer codec` {
    @Test(arguments: LayerCodec.Compression.allCases)
    func `a standard codec can be recreated from its name`(_ compression: LayerCodec.Compression) throws {
        let codec = LayerCodec.standard(compression)
        #expect(try LayerCodec(name: codec.name) == codec)
        #expect(codec.name.hasPrefix("\(compression.rawValue)/lib"))
    }

    @Test func `another version of the library is refused, naming both versions`() {
        let error = #expect(throws: LayerArchiveError.self) { try LayerCodec(name: "gzip/libdeflate-1.99/6/1MiB") }
        #expect(error?.code == .codec)
        #expect(error?.message.contains("libdeflate-1.99") == true)
        #expect(error?.message.contains("this tool carries libdeflate-1.") == true)
        #expect(error?.hint != nil)
    }

    @Test(arguments: [
        "", "gzip", "gzip/LIB/6", "lz4/LIB/6/1MiB", "gzip/LIB/0/1MiB", "gzip/LIB/13/1MiB", "zstd/LIB/10/1MiB",
        "gzip/LIB/6/1",
        "gzip/LIB/6/0MiB", "gzip/LIB/6/1024KiB", "gzip/LIB/06/1MiB", "gzip/LIB/6/8MiB", "gzip/LIB/6/-1MiB",
        "gzip/LIB/6/1MiB/", "gzip/LIB/6/99999999999999999999MiB",
    ])
    func `a name that is not a codec's is refused`(_ pattern: String) {
        let compression: LayerCodec.Compression = pattern.hasPrefix("zstd") ? .zstd : .gzip
        let library = LayerCodec.standard(compression).name.split(separator: "/")[1]
        let error = #expect(throws: LayerArchiveError.self) {
            try LayerCodec(name: pattern.replacing("LIB", with: library))
        }
        #expect(error?.code == .codec)
    }
}
