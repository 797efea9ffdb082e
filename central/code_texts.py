"""Texts of the pages that print codes and try them, in Chinese (first) and English; part of `central/texts.py`.

Pure: values in, values out.
"""

from typing import Final

from floor.texts import Catalogue

CODES: Final[Catalogue] = {
    "codes.title": ("打印条码", "Print codes"),
    "codes.why": (
        "工牌、流转卡、指令卡和工位标牌，内容与主数据一致，工位可以直接扫描。",
        "Badges, travellers, cards and station signs, as the master data has them: a station can scan them at once.",
    ),
    "codes.sheet": ("种类", "What"),
    "codes.badges": ("工牌", "Badges"),
    "codes.tickets": ("流转卡（每道工序一个码）", "Travellers, a code for each operation"),
    "codes.cards": ("指令卡", "Command cards"),
    "codes.digits": ("数字卡", "Digits"),
    "codes.reasons": ("报废原因、异常原因", "Scrap reasons and causes"),
    "codes.stations": ("工位标牌", "Station signs"),
    "codes.order": ("工单号", "Work order"),
    "codes.all_orders": ("全部", "All"),
    "codes.symbology": ("码制", "Symbology"),
    "codes.symbology.qr": ("二维码 QR", "QR code"),
    "codes.symbology.datamatrix": ("Data Matrix 码", "Data Matrix"),
    "codes.symbology.code128": ("一维码 Code 128", "Code 128"),
    "codes.paper": ("纸张", "Paper"),
    "codes.paper.a4": ("A4", "A4"),
    "codes.paper.a6": ("A6", "A6"),
    "codes.paper.badge": ("卡片 85.6 × 54 mm", "Card 85.6 × 54 mm"),
    "codes.show": ("显示", "Show"),
    "codes.how": (
        "用浏览器打印（Ctrl+P），缩放 100%，或下载后送到打印机。打印后先扫一张试试。",
        "Print with the browser (Ctrl+P), scale 100 %, or download for the printer. Scan one before you print more.",
    ),
    "codes.pdf": ("PDF 文件", "PDF"),
    "codes.download": ("下载", "Download"),
    "codes.zpl": ("标签打印机 ZPL", "Label printer, ZPL"),
    "codes.escpos": ("小票打印机 ESC/POS", "Receipt printer, ESC/POS"),
    "codes.dpi": ("分辨率 dpi", "Resolution, dpi"),
    "codes.font": ("打印机内的中文字体（可不填）", "Chinese font in the printer (optional)"),
    "codes.roll": ("纸宽 mm", "Roll, mm"),
    "codes.full": ("只显示前 {n} 个，请按工单打印。", "Only the first {n} are shown: print order by order."),
    "codes.none": ("没有可打印的内容。", "There is nothing to print."),
    "codes.refused": ("{n} 个内容不能这样打印", "{n} of them cannot be printed this way"),
    "codes.refused.characters": (
        "Code 128 只能含 ASCII 字符。请选二维码。",
        "Code 128 holds ASCII characters only. Choose the QR code.",
    ),
    "codes.refused.length": ("内容太长，这种码装不下。", "Too long for this kind of code."),
    "codes.refused.label_paper": ("A4 纸不能用标签打印机打印。", "No label printer takes A4. Choose a smaller paper."),
    "codes.refused.paper": (
        "内容太长，这张纸上条太细，扫不出来。请选二维码、Data Matrix 或更大的纸。",
        "Too long: on this paper its bars would be too narrow to scan. Choose QR, Data Matrix or a larger paper.",
    ),
}
