"""What the sample plant (`floor/sample.py`) is made of: names of people, stations, products and parts.

Pure: data alone.
"""

DEPARTMENTS = (
    ("machining", "机加工车间", "Machining", "P01"),
    ("sheet", "钣金车间", "Sheet metal", "P16"),
    ("quality", "质量科", "Quality", "P26"),
    ("maintenance", "设备科", "Maintenance", "P31"),
    ("logistics", "仓库与采购", "Stores and purchasing", "P36"),
    ("planning", "生产计划", "Planning", "P06"),
)
"""(id, name, English name, head)."""

STATIONS = (
    ("S1", "工位 1 数控车 CNC lathe", "machining", "L1", "gw1", "machining"),
    ("S2", "工位 2 铣床 Mill", "machining", "L1", "gw1", "machining"),
    ("S3", "工位 3 检验 Inspection", "machining", "L1", "gw1", "quality"),
    ("S4", "工位 4 磨床 Grinder", "machining", "L2", "gw2", "machining"),
    ("S5", "工位 5 滚齿 Gear hobbing", "machining", "L2", "gw2", "machining"),
    ("S6", "工位 6 激光切割 Laser", "sheet", "L3", "gw3", "sheet"),
    ("S7", "工位 7 折弯 Press brake", "sheet", "L3", "gw3", "sheet"),
    ("S8", "工位 8 焊接 Welding", "sheet", "L3", "gw3", "sheet"),
)
"""(id, name, area, line, gateway, department)."""

NAMES = (
    ("王建国", "Wang Jianguo", "machining"),
    ("李秀英", "Li Xiuying", "machining"),
    ("张伟", "Zhang Wei", "machining"),
    ("刘洋", "Liu Yang", "machining"),
    ("陈静", "Chen Jing", "machining"),
    ("赵敏", "Zhao Min", "planning"),
    ("孙强", "Sun Qiang", "machining"),
    ("周杰", "Zhou Jie", "machining"),
    ("吴芳", "Wu Fang", "machining"),
    ("郑涛", "Zheng Tao", "machining"),
    ("冯磊", "Feng Lei", "machining"),
    ("褚艳", "Chu Yan", "machining"),
    ("卫东", "Wei Dong", "machining"),
    ("蒋丽", "Jiang Li", "machining"),
    ("沈超", "Shen Chao", "machining"),
    ("韩梅", "Han Mei", "sheet"),
    ("杨帆", "Yang Fan", "sheet"),
    ("朱军", "Zhu Jun", "sheet"),
    ("秦岭", "Qin Ling", "sheet"),
    ("许娜", "Xu Na", "sheet"),
    ("何塞", "Jose Hernandez", "sheet"),
    ("吕鹏", "Lü Peng", "sheet"),
    ("施琳", "Shi Lin", "sheet"),
    ("张敏", "Zhang Min", "sheet"),
    ("孔亮", "Kong Liang", "sheet"),
    ("曹颖", "Cao Ying", "quality"),
    ("严宽", "Yan Kuan", "quality"),
    ("华倩", "Hua Qian", "quality"),
    ("金鑫", "Jin Xin", "quality"),
    ("魏红", "Wei Hong", "quality"),
    ("陶然", "Tao Ran", "maintenance"),
    ("姜波", "Jiang Bo", "maintenance"),
    ("戚安", "Anna Schmidt", "maintenance"),
    ("谢宁", "Xie Ning", "maintenance"),
    ("邹勇", "Zou Yong", "maintenance"),
    ("喻峰", "Yu Feng", "logistics"),
    ("柏松", "Bai Song", "logistics"),
    ("水生", "Shui Sheng", "logistics"),
    ("窦薇", "Dou Wei", "logistics"),
    ("章程", "Zhang Cheng", "planning"),
)
"""(name, English name, department); the first six are the people of the example."""

SKILLS = (
    ("turning", "machining"),
    ("grinding", "machining"),
    ("welding", "sheet"),
    ("bending", "sheet"),
    ("test", "quality"),
)
"""(skill, department whose people have it)."""

CUSTOMERS = ("华东泵业 Huadong Pumps", "北方阀门 Beifang Valves", "Müller GmbH", "精工减速机 Jinggong Gears")

PRODUCTS = (
    (
        "AX-200",
        "阀体 AX-200",
        "Valve body AX-200",
        (
            ("车削 Turning", ("S1",), "turning", 45, "内孔 42 +0.02；表面 Ra 1.6"),
            ("铣削 Milling", ("S2",), "", 30, "平面度 0.05"),
            ("检验 Inspection", ("S3",), "test", 20, "气密 6 bar；外观"),
        ),
        (("BAR-42", 0.4), ("SEAL-22", 2), ("SCREW-M6", 4)),
    ),
    (
        "AX-210",
        "阀盖 AX-210",
        "Valve cover AX-210",
        (
            ("铣削 Milling", ("S2",), "", 35, "螺孔 M6 通止规"),
            ("检验 Inspection", ("S3",), "test", 15, "外观"),
        ),
        (("PLATE-8", 0.2), ("SEAL-22", 1), ("SCREW-M6", 6)),
    ),
    (
        "GR-044",
        "齿轮 GR-044",
        "Gear GR-044",
        (
            ("车削 Turning", ("S1",), "turning", 40, "外圆 88 h7"),
            ("滚齿 Hobbing", ("S5",), "", 90, "公法线"),
            ("磨齿 Grinding", ("S4",), "grinding", 80, "齿面 Ra 0.8；跳动 0.02"),
        ),
        (("BAR-90", 0.15),),
    ),
    (
        "SH-300",
        "轴 SH-300",
        "Shaft SH-300",
        (
            ("车削 Turning", ("S1",), "turning", 60, "长度 300 ±0.1"),
            ("磨削 Grinding", ("S4",), "grinding", 50, "直径 25 h6"),
        ),
        (("BAR-30", 0.35), ("BRG-6204", 2)),
    ),
    (
        "BK-020",
        "支架 BK-020",
        "Bracket BK-020",
        (
            ("激光切割 Laser cutting", ("S6",), "", 15, "毛刺"),
            ("折弯 Bending", ("S7",), "bending", 20, "角度 90 ±0.5"),
            ("焊接 Welding", ("S8",), "welding", 60, "焊缝外观；尺寸"),
        ),
        (("SHEET-3", 0.3), ("NUT-M8", 2)),
    ),
    (
        "PN-008",
        "面板 PN-008",
        "Panel PN-008",
        (
            ("激光切割 Laser cutting", ("S6",), "", 20, "孔位"),
            ("折弯 Bending", ("S7",), "bending", 25, "角度 90 ±0.5"),
        ),
        (("SHEET-2", 0.6), ("SCREW-M6", 8)),
    ),
)
"""(item, name, English name, steps (name, stations, skill, least seconds, checks), parts (item, for one piece))."""

BOUGHT = (
    ("BAR-42", "圆钢 42", "Round bar 42", "米 m"),
    ("BAR-90", "圆钢 90", "Round bar 90", "米 m"),
    ("BAR-30", "圆钢 30", "Round bar 30", "米 m"),
    ("PLATE-8", "钢板 8 毫米", "Plate 8 mm", "平方米 m2"),
    ("SHEET-3", "钢板 3 毫米", "Sheet 3 mm", "平方米 m2"),
    ("SHEET-2", "钢板 2 毫米", "Sheet 2 mm", "平方米 m2"),
    ("SEAL-22", "密封圈 22", "Seal 22", "个 pc"),
    ("SEAL-24", "密封圈 24", "Seal 24", "个 pc"),
    ("BRG-6204", "轴承 6204", "Bearing 6204", "个 pc"),
    ("SCREW-M6", "螺钉 M6", "Screw M6", "个 pc"),
    ("NUT-M8", "焊接螺母 M8", "Weld nut M8", "个 pc"),
)
"""(item, name, English name, unit)."""
