import Foundation
import ImageAssembly
import Testing

@Suite struct SecurityDescriptorTests {
    /// The descriptors of published images: those of ko and crane, then BuildKit's for files and directories.
    @Test(arguments: [
        (
            "O:BUG:BU",
            "AQAAgBQAAAAkAAAAAAAAAAAAAAABAgAAAAAABSAAAAAhAgAAAQIAAAAAAAUgAAAAIQIAAA=="
        ),
        (
            "O:BAG:SYD:(A;;FA;;;BA)(A;;FA;;;SY)(A;;0x1200a9;;;BU)",
            "AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgBMAAMAAAAAABgA/wEfAAECAAAAAAAFIAAAACACAAAAABQA/wEfAAEBAAAAAAAFEgAAAAAAGACpABIAAQIAAAAAAAUgAAAAIQIAAA=="
        ),
        (
            "O:BAG:SYD:(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;;FA;;;BA)(A;OICIIO;GA;;;CO)(A;OICI;0x1200a9;;;BU)(A;CI;LC;;;BU)(A;CI;DC;;;BU)",
            "AQAEgBQAAAAkAAAAAAAAADAAAAABAgAAAAAABSAAAAAgAgAAAQEAAAAAAAUSAAAAAgCoAAcAAAAAAxgA/wEfAAECAAAAAAAFIAAAACACAAAAAxQA/wEfAAEBAAAAAAAFEgAAAAAAGAD/AR8AAQIAAAAAAAUgAAAAIAIAAAALFAAAAAAQAQEAAAAAAAMAAAAAAAMYAKkAEgABAgAAAAAABSAAAAAhAgAAAAIYAAQAAAABAgAAAAAABSAAAAAhAgAAAAIYAAIAAAABAgAAAAAABSAAAAAhAgAA"
        ),
    ])
    func `published descriptors in SDDL text give the published bytes`(_ text: String, _ base64: String) throws {
        #expect(Data(try SecurityDescriptor(text).bytes).base64EncodedString() == base64)
    }

    @Test func `an empty list of rules differs from no list`() throws {
        let (none, empty) = (try SecurityDescriptor("O:BA"), try SecurityDescriptor("O:BAD:"))
        #expect(none.bytes.count == 36)
        #expect(none.bytes[2] == 0)
        #expect(empty.bytes.count == 44)
        #expect(empty.bytes[2] == 4)
        #expect(Array(empty.bytes.suffix(8)) == [2, 0, 8, 0, 0, 0, 0, 0])
    }

    @Test(arguments: [
        "O:XX", "O:", "O", "G:BAO:BA", "O:BAS:", "O:BAD:A", "O:BAD:(A;;FA;;;BA", "O:BAD:()", "O:BAD:(D;;FA;;;BA)",
        "O:BAD:(A;XX;FA;;;BA)", "O:BAD:(A;OIOI;FA;;;BA)", "O:BAD:(A;O;FA;;;BA)", "O:BAD:(A;;ZZ;;;BA)",
        "O:BAD:(A;;0x;;;BA)",
        "O:BAD:(A;;0x+1;;;BA)", "O:BAD:(A;;0x123456789;;;BA)", "O:BAD:(A;;FA;;;XX)", "O:BAD:(A;;FA;x;;BA)",
        "O:BAD:(A;;FA;;;BA;)", "O:BAD:(A;;FA;;;BA)x", "O:BAD:" + String(repeating: "(A;;FA;;;BA)", count: 1025),
    ])
    func `a text that is not fully understood is refused`(_ text: String) {
        let error = #expect(throws: ImageAssemblyError.self) { try SecurityDescriptor(text) }
        #expect(error?.code == .invalidInput)
    }
}
