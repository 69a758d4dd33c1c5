import RegistryServer
import Testing

@Suite struct DateTests {
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_709_164_799, "Wed, 28 Feb 2024 23:59:59 GMT"),
    ])
    func `a time is written as the Date header has it`(seconds: Int64, text: String) {
        #expect(dateText(seconds) == text)
    }
}
