import QKDCLI

/// The tool: everything is in QKDCLI, so that tests can reach it.
@main
enum QKDCtlMain {
    static func main() async {
        await QKDCtl.start()
    }
}
