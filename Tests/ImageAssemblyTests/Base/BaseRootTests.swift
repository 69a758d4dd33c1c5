import ImageAssembly
import ImageDefinition
import OCIModel
import Testing

/// Tests of applying the layers of a base image (image-spec, layer.md, "Applying Changesets").
@Suite struct BaseRootTests {
    @Test func `an upper layer replaces entries, and entries that it does not name stay`() throws {
        let base = try TinyBase(["etc/", "etc/a", "etc/b", "x/", "x/y"], ["etc/b -> a", "x"])
        #expect(try base.lines() == ["etc/", "etc/a: etc/a", "etc/b -> a", "x: x"])
    }

    @Test func `a directory over a directory changes only the directory itself`() throws {
        #expect(try TinyBase(["d/", "d/e"], ["d/"]).lines() == ["d/", "d/e: d/e"])
        #expect(try TinyBase(["d -> e", "e/"], ["d/", "d/f"]).lines() == ["d/", "d/f: d/f", "e/"])
    }

    @Test func `a whiteout removes entries of lower layers, and nothing of its own layer`() throws {
        let base = try TinyBase(["a/", "a/b/", "a/b/c", "a/bc"], ["a/b/", "a/b/new", "a/.wh.b"])
        #expect(try base.lines() == ["a/", "a/b/", "a/b/new: a/b/new", "a/bc: a/bc"])
        #expect(try TinyBase(["a"], [".wh.a"], ["b"]).lines() == ["b: b"])
    }

    @Test func `an opaque directory hides the entries of lower layers in it`() throws {
        let base = try TinyBase(["a/", "a/b/", "a/b/c", "z"], ["a/", "a/new", "a/.wh..wh..opq"])
        #expect(try base.lines() == ["a/", "a/new: a/new", "z: z"])
        #expect(try TinyBase(["a/", "b"], [".wh..wh..opq", "c"]).lines() == ["c: c"])
        // These are aufs's own files.
        #expect(try TinyBase(["a"], [".wh..wh.plnk", ".wh..wh.aufs"]).lines() == ["a: a"])
    }

    @Test func `links are followed inside the root, also for whiteouts`() throws {
        let base = try TinyBase(
            ["usr/", "usr/bin/", "usr/bin/old", "bin -> ../../usr/bin"], ["bin/new", "bin/.wh.old"])
        #expect(try base.lines() == ["bin -> ../../usr/bin", "usr/", "usr/bin/", "usr/bin/new: bin/new"])
    }

    @Test func `parents that no layer has are created`() throws {
        #expect(try TinyBase(["a/b/c"]).lines() == ["a/", "a/b/", "a/b/c: a/b/c"])
    }

    @Test func `a hard link is another name of a file, even of one in a lower layer`() throws {
        let base = try TinyBase(["usr/", "usr/f", "lib -> usr"], ["g = lib/f"])
        #expect(try base.lines() == ["g: usr/f", "lib -> usr", "usr/", "usr/f: usr/f"])
    }

    @Test func `layers that no unpacker accepts are refused`() throws {
        for (lines, reason) in [
            (["f", "f/below"], "lies below"), (["l -> l", "l/below"], "lies below"),
            (["l -> gone", "l/below"], "lies below"),
            (["g = gone"], "leads to /gone"), (["d/", "g = d"], "leads to /d"),
        ] {
            let error = #expect(throws: ImageAssemblyError.self, "\(lines)") { try TinyBase(lines).image() }
            #expect(error?.message.contains(reason) == true, "\(lines): \(error?.message ?? "")")
            #expect(error?.message.contains("cannot build on the base image registry.example/os/base:1@") == true)
        }
    }

    @Test func `an entry replaces an earlier one of its own layer`() throws {
        #expect(try TinyBase(["d/", "d/x", "d -> e"]).lines() == ["d -> e"])
        #expect(try TinyBase(["a", "b", "a -> b"]).lines() == ["a -> b", "b: b"])
        let replaced = (0...1000).flatMap { ["d\($0)/", "d\($0)"] }
        let error = #expect(throws: ImageAssemblyError.self) { try TinyBase(replaced).image() }
        #expect(error?.message.contains("more than 1000 directories are replaced") == true)
    }

    @Test func `as many whiteouts as files take only linear time`() throws {
        let files = (0..<50_000).map { "d/\($0)" }
        #expect(try TinyBase(["d/"] + files, (0..<50_000).map { "d/.wh.\($0)" }).lines() == ["d/"])
    }

    @Test func `a configuration that contradicts its layers is refused`() throws {
        var base = try TinyBase(["a"], ["b"])
        let (config, pin) = (try base.config, try base.pin)
        base.layers[1] = try TinyBase.layer(["c"])
        let error = #expect(throws: ImageAssemblyError.self) {
            try OpenedBaseImage(pin, config: config).laidOut(base.layers)
        }
        #expect(error?.message.contains("its layer \(pin.layers[1].digest) unpacks to") == true)
    }
}
